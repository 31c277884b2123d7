package task

import (
	"fmt"
	"hash/fnv"
	"time"
)

// Options say how often, how long and how soon again. The zero value is safe: five attempts of ten minutes each, as many
// tries as that takes, with waits that grow from one second to a minute.
type Options struct {
	// Attempts is how many attempts a request gets. Default 5; 1 means that it is never tried again.
	Attempts int

	// StartToClose is how long one attempt may take, from when a worker says that it has started. Default 10 minutes. The
	// worker cancels what runs longer; the topology gives up on a worker that does not answer.
	StartToClose time.Duration
	// ScheduleToStart is how long one attempt may wait for a worker. Default 0: as long as it takes, so that a long queue is
	// not made longer by trying again what nobody has looked at.
	ScheduleToStart time.Duration
	// ScheduleToClose is how long all attempts together may take, waits included. Default 0: as long as it takes.
	ScheduleToClose time.Duration

	// Backoff is the longest wait before the second attempt; it doubles with each further one up to MaxBackoff. A wait is
	// between half of it and all of it, spread by the request's id. Default 1 second.
	Backoff time.Duration
	// MaxBackoff is the longest wait between two attempts. Default 1 minute, or Backoff if that is longer.
	MaxBackoff time.Duration
}

// complete fills in the defaults; a value that makes no sense is an error.
func (o Options) complete() (Options, error) {
	if o.Attempts < 0 {
		return o, fmt.Errorf("%d attempts: give a positive number, or none for 5", o.Attempts)
	}
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	for _, d := range []struct {
		name string
		set  *time.Duration
		def  time.Duration
	}{
		{"StartToClose", &o.StartToClose, 10 * time.Minute},
		{"ScheduleToStart", &o.ScheduleToStart, 0},
		{"ScheduleToClose", &o.ScheduleToClose, 0},
		{"Backoff", &o.Backoff, time.Second},
		{"MaxBackoff", &o.MaxBackoff, max(time.Minute, o.Backoff)},
	} {
		if *d.set == 0 {
			*d.set = d.def
		}
		if *d.set < 0 || *d.set%time.Millisecond != 0 {
			return o, fmt.Errorf("%s is %v: give whole milliseconds, or 0 for the default", d.name, *d.set)
		}
	}
	if o.MaxBackoff < o.Backoff {
		return o, fmt.Errorf("MaxBackoff is %v, shorter than Backoff, which is %v", o.MaxBackoff, o.Backoff)
	}
	return o, nil
}

// wait is how long to wait after a failed attempt, in milliseconds. It depends on nothing but the arguments: a record that
// is processed again waits as long as before, and requests that failed together do not come back together.
func (o Options) wait(id string, attempt int) int64 {
	longest := o.Backoff
	for i := 1; i < attempt && longest < o.MaxBackoff; i++ {
		longest *= 2
	}
	ms := min(longest, o.MaxBackoff).Milliseconds()
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s\x00%d", id, attempt)
	// The high bits of FNV depend on the last bytes too little: mix before cutting.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return ms - int64(x%uint64(ms/2+1))
}
