package window

import (
	"fmt"
	"math"
	"time"
)

// Sliding defines windows [start, start+difference], both ends inclusive, at every place where it makes a difference: as a window
// of that length slides over the records of a key, there is one for each set of records that it holds on its way. A record
// at ts makes the window that ends with it, [ts-difference, ts], and each record is in all windows around its time. Fewer
// windows than hopping ones of a small advance, and none without a record. Kafka Streams:
// SlidingWindows.ofTimeDifferenceAndGrace (KIP-450).
//
// No window starts before the epoch: records before difference share the window [0, difference]. Late records are taken until
// stream time passes a window's end plus grace.
func Sliding(difference, grace time.Duration) TimeWindow {
	w := TimeWindow{
		kind: sliding, size: difference.Milliseconds(), advance: math.MaxInt64, grace: grace.Milliseconds(),
		fault: faultOf(duration{"difference", difference, 0}, duration{"grace", grace, 0}),
	}
	if w.fault == "" && w.Retention() == 0 {
		w.fault = "no window could ever be found again: make the difference or the grace at least 1ms"
	}
	return w.named(fmt.Sprintf("Sliding(%v, %v)", difference, grace))
}

// IsSliding reports whether the windows lie where records are: those of [Sliding].
func (w TimeWindow) IsSliding() bool { return w.kind == sliding }
