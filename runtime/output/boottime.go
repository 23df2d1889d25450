package output

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootClock knows when the boot clock was zero. Times that it tells keep their distance from each other until the time of day
// is set.
type bootClock struct {
	zero time.Time
}

// at returns the time of day of a reading of the boot clock.
func (c *bootClock) at(ns uint64) time.Time {
	zero, slack := measureBoot()
	if d := zero.Sub(c.zero).Abs(); d > slack {
		for range 4 { // was the time set, or this thread held up between two clocks?
			if z, s := measureBoot(); s < slack {
				zero, slack = z, s
			}
		}
		if zero.Sub(c.zero).Abs() > slack {
			c.zero = zero
		}
	}
	return c.zero.Add(time.Duration(ns))
}

// clockStep is what clocks that are read one after the other may be apart without having been set.
const clockStep = 10 * time.Microsecond

// measureBoot returns the time of day when the boot clock was zero, and how far off that may be.
func measureBoot() (zero time.Time, slack time.Duration) {
	before, ok := bootNanos()
	now := time.Now().Round(0) // without the monotonic clock, which does not follow when the time is set
	after, ok2 := bootNanos()
	if !ok || !ok2 {
		return time.Time{}, 0
	}
	return now.Add(-before), after - before + clockStep
}

func bootNanos() (time.Duration, bool) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano()), err == nil
}
