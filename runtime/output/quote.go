package output

import (
	"syscall"
	"unicode/utf8"
)

// appendQuoted appends a JSON string. Valid UTF-8 stays as it is; other bytes become \u00xx, so that every line is valid JSON
// and no byte is lost.
func appendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || n > 1 {
				b = append(b, s[i:i+n]...)
				i += n
				continue
			}
		}
		b = appendQuotedByte(b, c)
		i++
	}
	return append(b, '"')
}

func appendQuotedByte(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	if c < ' ' || c > 0x7f {
		return appendHexByte(append(b, `\u00`...), c)
	}
	return append(b, c)
}

// jsonText is the text of a message in JSON: for a failed helper, what its error number means.
func (m Message) jsonText() string {
	if m.Kind != HelperError {
		return m.Text
	}
	return Errno(m.Code)
}

// Errno returns the C library's text for an error number, negative as the kernel returns them or positive.
func Errno(code int) string {
	if code < 0 {
		code = -code
	}
	return capital(syscall.Errno(code).Error())
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
