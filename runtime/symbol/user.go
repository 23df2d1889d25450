package symbol

import (
	"os"
	"strconv"
	"strings"
)

// Username returns the name of a user. Only the password file is asked: a static program has no other way.
func (r *Resolver) Username(uid uint32) (string, bool) {
	name, ok := r.users()[uid]
	return name, ok
}

func readUsers() map[uint32]string {
	data, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return nil
	}
	return parseUsers(string(data))
}

// parseUsers reads lines of the form name:password:uid:…. The first name of a uid counts.
func parseUsers(text string) map[uint32]string {
	out := map[uint32]string{}
	for line := range strings.Lines(text) {
		fields := strings.Split(line, ":")
		if len(fields) < 3 {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			continue
		}
		if _, taken := out[uint32(uid)]; !taken {
			out[uint32(uid)] = fields[0]
		}
	}
	return out
}
