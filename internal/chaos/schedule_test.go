package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// step is something that is done to an instance or a broker at a time after the start, and undone a while later.
type step struct {
	at, until time.Duration
	what      action
	who       int // an instance, or a broker; for coordinator nobody
}

type action string

// What can be done. All but drain come without a warning.
const (
	kill        action = "kill instance"
	pause       action = "pause instance"
	drain       action = "stop instance" // in peace, as an operator does
	nodeStop    action = "stop broker"
	nodeKill    action = "kill broker"
	nodePause   action = "pause broker"
	coordinator action = "stop coordinator" // whichever broker it is then
)

func (s step) String() string {
	who := fmt.Sprint(" ", s.who)
	if s.what == coordinator {
		who = ""
	}
	return fmt.Sprintf("%5.1f s: %s%s for %.1f s", s.at.Seconds(), s.what, who, (s.until - s.at).Seconds())
}

// schedule is a plan of steps, in their order. No two are done to the same instance at once, and no two to brokers: the
// data must stay available.
type schedule []step

func (s schedule) String() string {
	var b strings.Builder
	for _, x := range s {
		fmt.Fprintln(&b, x)
	}
	return b.String()
}

// chance is an action with how often it is drawn, and for how long it lasts: up to its short time as a rule, and up to its
// long time once in three.
type chance struct {
	what        action
	weight      int
	short, long time.Duration
}

var (
	// The long times are beyond the session; a pause may also be beyond the transactions' time-out of 10 s.
	instanceChances = []chance{
		{kill, 5, 2 * time.Second, 9 * time.Second},
		{pause, 3, 3 * time.Second, 13 * time.Second},
		{drain, 2, time.Second, 9 * time.Second},
	}
	// A broker that is killed or paused is missed after 9 s.
	nodeChances = []chance{
		{nodeStop, 3, 3 * time.Second, 8 * time.Second},
		{nodeKill, 2, 3 * time.Second, 12 * time.Second},
		{nodePause, 2, 3 * time.Second, 11 * time.Second},
		{coordinator, 3, 3 * time.Second, 8 * time.Second},
	}
)

// plan draws a schedule for a fleet of three and a cluster of three: what is done to each is drawn by itself.
func plan(seed uint64, length time.Duration) schedule {
	var s schedule
	for i := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, i))
		s = append(s, lane(rnd, length, 12*time.Second, instanceChances, func() int { return int(i) })...)
	}
	rnd := rand.New(rand.NewPCG(seed, 3))
	s = append(s, lane(rnd, length, 15*time.Second, nodeChances, func() int { return 1 + rnd.IntN(3) })...)
	slices.SortStableFunc(s, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return s
}

// kills draws a schedule of so many kills of three instances, at any time, each for up to three seconds.
func kills(seed uint64, n int, length time.Duration) schedule {
	rnd := rand.New(rand.NewPCG(seed, 4))
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(rnd.Int64N(int64(length))).Round(time.Millisecond)
	}
	slices.Sort(times)
	var s schedule
	var free [3]time.Duration
	for _, at := range times {
		who := rnd.IntN(3)
		at = max(at, free[who]) // one that is down is killed once it is up again
		free[who] = at + time.Duration(rnd.Int64N(int64(3*time.Second))).Round(time.Millisecond)
		s = append(s, step{at: at, until: free[who], what: kill, who: who})
	}
	slices.SortStableFunc(s, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return s
}

// lane draws steps one after the other, with a rest after each of up to a given time, that begin within length.
func lane(rnd *rand.Rand, length, rest time.Duration, chances []chance, who func() int) (steps []step) {
	total := 0
	for _, c := range chances {
		total += c.weight
	}
	until := func(d time.Duration) time.Duration {
		return time.Duration(rnd.Int64N(int64(d))).Round(time.Millisecond)
	}
	for at := until(rest); at < length; at += until(rest) {
		n := rnd.IntN(total)
		i := 0
		for ; n >= chances[i].weight; i++ {
			n -= chances[i].weight
		}
		c := chances[i]
		lasts := until(c.short)
		if rnd.IntN(3) == 0 {
			lasts = c.short + until(c.long-c.short)
		}
		steps = append(steps, step{at: at, until: at + lasts, what: c.what, who: who()})
		at += lasts
	}
	return steps
}

// TestPlan: a seed gives one schedule, another one another; all that can be done is; and nobody is broken twice at once.
func TestPlan(t *testing.T) {
	t.Parallel()
	const length = 10 * time.Minute
	a := plan(1, length)
	if diff := gocmp.Diff(a.String(), plan(1, length).String()); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	if a.String() == plan(2, length).String() {
		t.Error("two seeds gave the same schedule")
	}
	seen := map[action]bool{}
	for _, s := range a {
		seen[s.what] = true
	}
	if len(seen) != len(instanceChances)+len(nodeChances) {
		t.Errorf("in %v there was nothing but %v", length, seen)
	}
	checkApart(t, a)
}

// TestKills: there are as many as were asked for.
func TestKills(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		s := kills(seed, 20, 10*time.Second)
		if len(s) != 20 {
			t.Errorf("seed %d: %d kills of 20", seed, len(s))
		}
		checkApart(t, s)
	}
}

// checkApart checks that what is done to one ends before the next is done to it, and all brokers are one.
func checkApart(t *testing.T, s schedule) {
	t.Helper()
	free := map[string]time.Duration{}
	for _, x := range s {
		lane := "brokers"
		if slices.ContainsFunc(instanceChances, func(c chance) bool { return c.what == x.what }) {
			lane = fmt.Sprint("instance ", x.who)
		}
		if x.at < free[lane] || x.until < x.at {
			t.Errorf("%v begins before what was done before has ended", x)
		}
		free[lane] = x.until
	}
}
