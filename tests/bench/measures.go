package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

// A measure yields numbers for its rows, by their names.
type measure struct {
	name string
	rows []row
	// runs, if set, is the largest number of runs that is worth the time.
	runs int
	take func(tool) (map[string]float64, error)
}

// measures are all there are, in the order of the table.
func measures() []measure {
	all := []measure{
		{
			name: "start and exit",
			rows: []row{{name: "CPU", unit: "ms"}, {name: "wall", unit: "ms"}, {name: "peak memory", unit: "MB"}},
			take: takeStart,
		},
		{name: "exec to first event", rows: []row{{name: "wall", unit: "ms"}}, take: takeFirstEvent},
		{name: "SIGINT to gone, two tracepoints", rows: []row{{name: "wall", unit: "ms"}}, take: takeExitLag},
		{
			name: "all syscall tracepoints",
			rows: []row{{name: "attached", unit: "ms"}, {name: "SIGINT to gone", unit: "ms"}},
			runs: 1,
			take: takeMany,
		},
	}
	for _, p := range eventPrograms {
		all = append(all, measure{
			name: p.name,
			rows: []row{{name: "per event", unit: "ns"}, {name: "instructions, verified", unit: ""}, {name: "machine code", unit: "B"}},
			take: func(t tool) (map[string]float64, error) { return takeEvent(t, p) },
		})
	}
	all = append(all, growingMeasures()...)
	return append(all, measure{
		name: "printf flood",
		rows: []row{{name: "lines", unit: "1/s", more: true}, {name: "lost", unit: "%"}, {name: "CPU per line", unit: "us"}},
		take: takePrintf,
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func takeStart(t tool) (map[string]float64, error) {
	p, err := start(t, `BEGIN { exit(); } tracepoint:syscalls:sys_enter_openat { @[str(args.filename)] = count(); }`)
	if err != nil {
		return nil, err
	}
	if err := p.wait(); err != nil {
		return nil, err
	}
	return map[string]float64{"CPU": milliseconds(p.cpu()), "wall": milliseconds(p.exitedAt.Sub(p.begin)), "peak memory": p.peak() / 1e6}, nil
}

func takeFirstEvent(t tool) (map[string]float64, error) {
	p, err := start(t, `tracepoint:raw_syscalls:sys_enter { printf("%d\n", args.id); exit(); }`)
	if err != nil {
		return nil, err
	}
	if err := p.wait(); err != nil {
		return nil, err
	}
	if p.first.IsZero() {
		return nil, errors.New("no event came")
	}
	return map[string]float64{"wall": milliseconds(p.first.Sub(p.begin))}, nil
}

func takeExitLag(t tool) (map[string]float64, error) {
	p, err := start(t, `tracepoint:sched:sched_switch { @a = count(); } tracepoint:syscalls:sys_enter_getpid { @b = count(); }`)
	if err != nil {
		return nil, err
	}
	if err := p.waitAttached(); err != nil {
		return nil, err
	}
	time.Sleep(200 * time.Millisecond)
	lag, err := p.interrupt()
	return map[string]float64{"wall": milliseconds(lag)}, err
}

func takeMany(t tool) (map[string]float64, error) {
	p, err := start(t, `tracepoint:syscalls:sys_enter_* { @ = count(); }`)
	if err != nil {
		return nil, err
	}
	if err := p.waitAttached(); err != nil {
		return nil, err
	}
	took := time.Since(p.begin)
	lag, err := p.interrupt()
	return map[string]float64{"attached": milliseconds(took), "SIGINT to gone": milliseconds(lag)}, err
}

// floodCalls is how many events the printf measure makes.
const floodCalls = 300_000

var lostLine = regexp.MustCompile(`(?i)lost (\d+) events`)

func takePrintf(t tool) (map[string]float64, error) {
	script := fmt.Sprintf(`tracepoint:syscalls:sys_enter_getppid /pid == %d/ { printf("%%d %%s %%d\n", pid, comm, cpu); }`, os.Getpid())
	p, err := start(t, script)
	if err != nil {
		return nil, err
	}
	if err := p.waitAttached(); err != nil {
		return nil, err
	}
	begin := time.Now()
	getppid(floodCalls)
	if _, err := p.interrupt(); err != nil {
		return nil, err
	}
	lines := p.lines - 2 // an ending script prints blank lines before its maps
	took := p.exitedAt.Sub(begin).Seconds()
	lost := 0
	for _, m := range lostLine.FindAllStringSubmatch(p.stderr.String(), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, err
		}
		lost += n
	}
	return map[string]float64{
		"lines": float64(lines) / took, "lost": 100 * float64(lost) / floodCalls,
		"CPU per line": float64(p.cpu().Microseconds()) / float64(max(1, lines)),
	}, nil
}
