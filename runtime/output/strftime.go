package output

import (
	"fmt"
	"strconv"
	"time"
)

// Strftime formats a time as C's strftime does in the C locale.
func Strftime(format string, t time.Time) string { return string(appendStrftime(nil, format, t)) }

// plain are the conversions that Go has a layout for.
var plain = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
	'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'P': "pm",
	'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006",
	'z': "-0700", 'Z': "MST",
}

func appendStrftime(b []byte, format string, t time.Time) []byte {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b = append(b, format[i])
			continue
		}
		i++
		if (format[i] == 'E' || format[i] == 'O') && i+1 < len(format) && isConversion(format[i+1]) {
			i++ // the alternative forms are the plain ones in the C locale
		}
		b = appendTime(b, format[i], t)
	}
	return b
}

func isConversion(c byte) bool {
	return plain[c] != "" || c == 'C' || c == 'u' || c == 'U' || c == 'V' || c == 'w' || c == 'W'
}

func appendTime(b []byte, c byte, t time.Time) []byte {
	if layout, ok := plain[c]; ok {
		return t.AppendFormat(b, layout)
	}
	isoYear, isoWeek := t.ISOWeek()
	weekday := int(t.Weekday())
	switch c {
	case '%':
		return append(b, '%')
	case 'n':
		return append(b, '\n')
	case 't':
		return append(b, '\t')
	case 'C':
		return fmt.Appendf(b, "%02d", t.Year()/100)
	case 'f':
		return fmt.Appendf(b, "%06d", t.Nanosecond()/1000)
	case 'g':
		return fmt.Appendf(b, "%02d", isoYear%100)
	case 'G':
		return strconv.AppendInt(b, int64(isoYear), 10)
	case 'k':
		return fmt.Appendf(b, "%2d", t.Hour())
	case 'l':
		return fmt.Appendf(b, "%2d", (t.Hour()+11)%12+1)
	case 's':
		return strconv.AppendInt(b, t.Unix(), 10)
	case 'u':
		return strconv.AppendInt(b, int64((weekday+6)%7+1), 10)
	case 'U':
		return fmt.Appendf(b, "%02d", (t.YearDay()+6-weekday)/7)
	case 'V':
		return fmt.Appendf(b, "%02d", isoWeek)
	case 'w':
		return strconv.AppendInt(b, int64(weekday), 10)
	case 'W':
		return fmt.Appendf(b, "%02d", (t.YearDay()+6-(weekday+6)%7)/7)
	}
	return append(b, '%', c)
}

// timestamp prints nanoseconds since boot as a time of day.
func (r *render) timestamp(b []byte, format string, ns uint64) []byte {
	if format == "" {
		return append(b, "(?)"...) // as in bpftrace
	}
	return appendStrftime(b, format, r.boot.at(ns))
}
