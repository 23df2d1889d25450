package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// A row is one number of a measure.
type row struct {
	name, unit string
	// more says that more is better.
	more bool
}

// A table holds the medians of all rows.
type table struct {
	tools []tool
	lines []line
}

type line struct {
	name string
	row  row
	// values are by tool, in the order of the tools; nil is unknown.
	values []*float64
}

func newTable(tools []tool) *table { return &table{tools: tools} }

func (t *table) add(name string, r row, seen map[string][]float64) {
	l := line{name: name, row: r}
	for _, tool := range t.tools {
		if v := seen[tool.name]; len(v) > 0 {
			m := median(v)
			l.values = append(l.values, &m)
		} else {
			l.values = append(l.values, nil)
		}
	}
	t.lines = append(t.lines, l)
}

// print writes the table; with two tools it says how many times better the first one is.
func (t *table) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"measure", "unit"}
	for _, tool := range t.tools {
		head = append(head, tool.name)
	}
	if len(t.tools) == 2 {
		head = append(head, "better by")
	}
	fmt.Fprintln(tw, strings.Join(head, "\t")+"\t")
	for _, l := range t.lines {
		cells := []string{l.name, l.row.unit}
		for _, v := range l.values {
			cells = append(cells, number(v))
		}
		if len(t.tools) == 2 {
			cells = append(cells, l.ratio())
		}
		fmt.Fprintln(tw, strings.Join(cells, "\t")+"\t")
	}
	tw.Flush() //nolint:errcheck // nothing to be done about it
}

func (l line) ratio() string {
	first, second := l.values[0], l.values[1]
	if first == nil || second == nil || *first <= 0 || *second <= 0 || math.IsInf(*first, 0) {
		return "-"
	}
	if math.IsInf(*second, 0) {
		return fmt.Sprintf("over %.0fx", milliseconds(growingLimit) / *first)
	}
	if l.row.more {
		first, second = second, first
	}
	return fmt.Sprintf("%.1fx", *second / *first)
}

// number prints a value with three digits or so.
func number(v *float64) string {
	switch {
	case v == nil:
		return "-"
	case math.IsInf(*v, 0):
		return fmt.Sprintf("over %.0f s", growingLimit.Seconds())
	case *v >= 100 || *v == 0:
		return fmt.Sprintf("%.0f", *v)
	case *v >= 10:
		return fmt.Sprintf("%.1f", *v)
	default:
		return fmt.Sprintf("%.2f", *v)
	}
}
