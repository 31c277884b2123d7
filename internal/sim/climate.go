package sim

import (
	"math/rand/v2"
	"time"
)

// climate is how rough a run is. Each seed has another one: where everything goes wrong at once, what goes wrong seldom
// does so never.
type climate struct {
	// How likely a call fails.
	refused     float64 // a part of a transaction, which is aborted then
	lostBefore  float64 // a producer, before its transaction ended
	lostAfter   float64 // a producer, when its transaction stood
	unreachable float64 // a question, before it was heard or after

	ambush float64 // how likely a process crashes or hangs in the middle of a commit

	slow        float64       // how likely a message takes long
	longest     time.Duration // how long then, at most
	idle        time.Duration // how long a poll waits in vain, at least: it saves steps
	kept        float64       // how likely a commit reaches the disk by itself
	compact     time.Duration // about how often a partition is compacted
	disrupt     time.Duration // about how often something happens to a process or a broker
	kinds       []disruption  // what
	workers     int
	standbys    int
	commit      time.Duration
	session     time.Duration
	transaction time.Duration
	pollMost    int // records a poll returns at most
}

// draw makes a climate.
func draw(rnd *rand.Rand) *climate {
	often := func(p float64) float64 { // half of the runs know nothing of it
		if rnd.IntN(2) == 0 {
			return 0
		}
		return p * rnd.Float64()
	}
	c := &climate{
		refused: often(0.1), lostBefore: often(0.05), lostAfter: often(0.05), unreachable: often(0.05), ambush: often(0.05),
		slow: often(0.2), longest: time.Duration(1+rnd.IntN(2000)) * time.Millisecond,
		idle: time.Duration(20+rnd.IntN(400)) * time.Millisecond,
		kept: often(0.5), compact: time.Duration(200+rnd.IntN(5000)) * time.Millisecond,
		disrupt: time.Duration(300+rnd.IntN(5000)) * time.Millisecond,
		workers: 1 + rnd.IntN(2), standbys: rnd.IntN(2), commit: time.Duration(10+rnd.IntN(200)) * time.Millisecond,
		session: time.Duration(1+rnd.IntN(6)) * time.Second, transaction: time.Duration(1+rnd.IntN(10)) * time.Second,
		pollMost: 1 + rnd.IntN(50),
	}
	for _, k := range disruptions {
		if rnd.IntN(2) == 0 {
			c.kinds = append(c.kinds, k)
		}
	}
	return c
}

// calm ends what is rough.
func (c *climate) calm() {
	c.refused, c.lostBefore, c.lostAfter, c.unreachable, c.ambush, c.slow = 0, 0, 0, 0, 0, 0
	c.kinds = nil
}

// latency is how long a message is under way. Most are there at once, as far as the clock can tell: what else happens at
// that moment happens in any order.
func (c *climate) latency(rnd *rand.Rand) time.Duration {
	switch x := rnd.Float64(); {
	case x < c.slow:
		return time.Duration(rnd.Int64N(int64(c.longest)))
	case x < 0.5:
		return 0
	default:
		return time.Duration(rnd.Int64N(int64(2 * time.Millisecond)))
	}
}

// patient is how long a poll waits that may wait for d.
func (c *climate) patient(d time.Duration) time.Duration { return max(d, c.idle) }
