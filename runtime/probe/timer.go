package probe

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/gtrace/gtrace/lang/attach"
	"github.com/gtrace/gtrace/lang/check"
	"github.com/gtrace/gtrace/runtime/host"
)

// timer is interval, which fires on one CPU, and profile, which fires on every CPU.
type timer struct {
	host     *host.Host
	together *together
	name     string
	everyCPU bool
}

// timerUnits are the units of an attach point in the order in which they are listed; hz has no length.
var timerUnits = []struct {
	name string
	ns   uint64
}{{"hz", 0}, {"ms", 1e6}, {"s", 1e9}, {"us", 1e3}}

// durationUnits are the suffixes of durations.
var durationUnits = map[string]uint64{
	"": 1, "ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 86400e9,
}

// minPeriod is the shortest period in nanoseconds.
const minPeriod = 1000

// Name returns interval or profile.
func (t *timer) Name() string { return t.name }

// Resolve reads unit:number or a duration.
func (t *timer) Resolve(pt attach.Point, opts check.ResolveOptions) ([]attach.Match, error) {
	if err := wantParts(t.name, pt, 1, 2); err != nil {
		return nil, err
	}
	p := attach.Probe{Provider: t.name, Kind: attach.KindPerfEvent}
	var err *check.PointError
	if len(pt.Parts) == 1 {
		err = t.parseDuration(&p, pt.Parts[0])
	} else {
		err = t.parseRate(&p, pt.Parts[0], pt.Parts[1])
	}
	if err != nil {
		return nil, err
	}
	ctx := perfContext(t.host)
	ctx.ID, ctx.PIDFilter = "perf_event", ""
	if t.everyCPU {
		ctx, p.PID = perfContext(t.host), opts.PID
	}
	return []attach.Match{{Probe: p, Context: ctx}}, nil
}

func (t *timer) parseRate(p *attach.Probe, unit, count string) *check.PointError {
	n, err := t.parseCount(2, count)
	if err != nil {
		return err
	}
	for _, u := range timerUnits {
		if u.name != unit {
			continue
		}
		p.Name = fmt.Sprintf("%s:%s:%d", t.name, unit, n)
		switch {
		case u.ns == 0:
			p.Freq = n
		case n > math.MaxInt64/u.ns:
			return pointError(2, codeSyntax, "Invalid rate of %s probe: %s%s is too long", t.name, count, unit)
		default:
			p.Period = n * u.ns
		}
		return nil
	}
	return pointError(1, codeSyntax, "%s is not an accepted unit of time", unit)
}

func (t *timer) parseDuration(p *attach.Probe, text string) *check.PointError {
	digits := strings.TrimRight(text, "nusmhd")
	unit, known := durationUnits[text[len(digits):]]
	if !known || digits == "" {
		digits = text // which is no number: the message shows all of it
	}
	n, err := t.parseCount(1, digits)
	switch {
	case err != nil:
		return err
	case n > math.MaxInt64/unit:
		return pointError(1, codeSyntax, "Invalid rate of %s probe: %s is too long", t.name, text)
	case n*unit < minPeriod:
		return pointError(1, codeSyntax, "Invalid rate of %s probe. Minimum is 1000 or 1us. Found: %d nanoseconds", t.name, n*unit)
	}
	p.Period = n * unit
	p.Name = fmt.Sprintf("%s:us:%d", t.name, p.Period/1000)
	return nil
}

// parseCount reads a positive integer as scripts write it.
func (t *timer) parseCount(part int, text string) (uint64, *check.PointError) {
	if strings.HasPrefix(text, "-") {
		return 0, pointError(part, codeSyntax, "%s frequency should be a positive integer", t.name)
	}
	n, err := parseInteger(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, pointError(part, codeSyntax, "Invalid rate of %s probe: overflow error, maximum value is %d: %s", t.name, uint64(math.MaxUint64), text)
	case err != nil:
		return 0, pointError(part, codeSyntax, "Invalid rate of %s probe: invalid integer: %s", t.name, text)
	case n == 0:
		return 0, pointError(part, codeSyntax, "%s frequency should be a positive integer", t.name)
	}
	return n, nil
}

// parseInteger reads a decimal, octal or hexadecimal number, or one with an exponent such as 2e3.
func parseInteger(text string) (uint64, error) {
	mantissa, exponent, ok := strings.Cut(text, "e")
	if !ok || strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		return strconv.ParseUint(text, 0, 64)
	}
	zeros, err := strconv.ParseUint(exponent, 10, 8)
	if err != nil {
		return 0, err
	}
	if _, err := strconv.ParseUint(mantissa, 10, 64); err != nil {
		return 0, err
	}
	return strconv.ParseUint(mantissa+strings.Repeat("0", int(zeros)), 10, 64)
}

// attach opens a clock on one or every CPU, or for the threads of a process.
func (t *timer) attach(prog *ebpf.Program, p attach.Probe) (io.Closer, error) {
	if p.PID != 0 {
		c, err := attachToProcess(prog, *clockAttr(p), p.PID)
		return c, t.explain(err, p)
	}
	cpus, err := t.host.OnlineCPUs()
	if err != nil {
		return nil, err
	}
	if !t.everyCPU {
		cpus = cpus[:1]
	}
	c, err := t.together.attachOnCPUs(prog, *clockAttr(p), cpus)
	return c, t.explain(err, p)
}

// explain says why the kernel refused a clock, where that can be known.
func (t *timer) explain(err error, p attach.Probe) error {
	highest, ok := t.host.MaxSampleRate()
	if !errors.Is(err, unix.EINVAL) || !ok || p.Freq <= highest {
		return err
	}
	return fmt.Errorf("the kernel samples at most %d times a second (sysctl kernel.perf_event_max_sample_rate)", highest)
}

func clockAttr(p attach.Probe) *unix.PerfEventAttr {
	attr := &unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Sample: p.Period, Bits: unix.PerfBitDisabled,
	}
	if p.Freq > 0 {
		attr.Sample = p.Freq
		attr.Bits |= unix.PerfBitFreq
	}
	return attr
}

// list returns the units.
func (t *timer) list(q query) ([]Listed, error) {
	units := newPattern(q.text())
	var out []Listed
	for _, u := range timerUnits {
		if units.match(u.name + ":") {
			out = append(out, Listed{Name: t.name + ":" + u.name + ":"})
		}
	}
	return out, nil
}
