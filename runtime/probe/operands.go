package probe

import (
	"strconv"
	"strings"
)

// registerOffset returns where the kernel's pt_regs has a register, or the part of one, that the assembler knows by a name.
func registerOffset(name, arch string) (int, bool) {
	switch arch {
	case "amd64":
		off, ok := amd64Registers[name]
		return off, ok
	case "arm64":
		return arm64Register(name)
	}
	return 0, false
}

// amd64Registers are the registers of amd64 by all of their names.
var amd64Registers = nameRegisters()

func nameRegisters() map[string]int {
	out := map[string]int{"rip": 128, "eip": 128}
	for letter, off := range map[string]int{"a": 80, "b": 40, "c": 88, "d": 96} {
		for _, name := range []string{"r" + letter + "x", "e" + letter + "x", letter + "x", letter + "l"} {
			out[name] = off
		}
		out[letter+"h"] = off + 1
	}
	for word, off := range map[string]int{"bp": 32, "si": 104, "di": 112, "sp": 152} {
		for _, name := range []string{"r" + word, "e" + word, word, word + "l"} {
			out[name] = off
		}
	}
	for i, off := range []int{72, 64, 56, 48, 24, 16, 8, 0} { // r8 to r15
		name := "r" + strconv.Itoa(8+i)
		for _, suffix := range []string{"", "d", "w", "b"} {
			out[name+suffix] = off
		}
	}
	return out
}

// arm64Register reads x0 to x30, w0 to w30 and sp.
func arm64Register(name string) (int, bool) {
	if name == "sp" {
		return 31 * 8, true
	}
	digits := strings.TrimLeft(name, "xw")
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) != len(name)-1 || n < 0 || n > 30 {
		return 0, false
	}
	return n * 8, true
}
