package window

import (
	"errors"
	"fmt"
	"time"
)

// duration is an argument to be checked: at least least milliseconds, and whole ones.
type duration struct {
	name  string
	value time.Duration
	least int64
}

// faultOf says what is wrong with the first faulty argument, or nothing. A sum of two durations cannot overflow: the longest
// time.Duration is 292 years, and two of them are far below 2^63 milliseconds.
func faultOf(ds ...duration) string {
	for _, d := range ds {
		switch ms, err := millis(d.value); {
		case err != nil:
			return d.name + " " + err.Error()
		case ms < d.least:
			return fmt.Sprintf("%s is zero: make it at least 1ms", d.name)
		}
	}
	return ""
}

// millis converts a duration that is not negative and has no fraction of a millisecond, which Kafka's timestamps could not show.
func millis(d time.Duration) (int64, error) {
	switch {
	case d < 0:
		return 0, errors.New("is negative: make it at least 0")
	case d%time.Millisecond != 0:
		return 0, fmt.Errorf("has a fraction of a millisecond, and event time has none: make it %v or %v", d.Truncate(time.Millisecond), d.Truncate(time.Millisecond)+time.Millisecond)
	}
	return d.Milliseconds(), nil
}

func asError(fault string) error {
	if fault == "" {
		return nil
	}
	return errors.New("window: " + fault)
}
