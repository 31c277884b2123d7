package runtime

import (
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// progressInterval is how often a long restore, or load of global tables, says how far it is.
const progressInterval = 5 * time.Second

// progress is how far a restore is.
type progress struct {
	start, told time.Time
	count       int64 // records read
	offsets     int64 // from where it began to where it ends, over all changelogs
}

func newProgress(start time.Time, todo map[transport.Partition]*restoring) *progress {
	return &progress{start: start, told: start, offsets: remaining(todo)}
}

func (p *progress) due(now time.Time) bool { return now.Sub(p.told) >= progressInterval }

// report is what a line of the log says: records read so far and per second, the offsets that remain, and how long they will
// take at the rate of those behind. Compaction leaves gaps, so the records that remain are fewer than their offsets.
func (p *progress) report(now time.Time, todo map[transport.Partition]*restoring) []any {
	p.told = now
	took := now.Sub(p.start)
	left := remaining(todo)
	eta := "unknown"
	if behind := p.offsets - left; behind > 0 {
		eta = time.Duration(float64(took) / float64(behind) * float64(left)).Round(time.Second).String()
	}
	return []any{"records", p.count, "recordsPerSecond", int64(float64(p.count) / took.Seconds()), "offsetsLeft", left, "eta", eta}
}

// remaining is how many offsets are still to be passed.
func remaining(todo map[transport.Partition]*restoring) int64 {
	var n int64
	for _, x := range todo {
		n += max(0, x.end-x.log.next)
	}
	return n
}
