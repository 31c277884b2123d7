package chaos

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// event is the beginning or the end of a step to an instance.
type event struct {
	at time.Duration
	do func()
}

// mostLate is how much later than planned something may be done to a broker.
const mostLate = 30 * time.Second

// play does what a schedule says, to instances and brokers, and returns when all of it is undone.
func (f *fleet) play(c *cluster, s schedule) {
	f.t.Helper()
	var events []event
	var disturbances []step
	f.began = time.Now()
	for _, x := range s {
		if x.what != kill && x.what != pause && x.what != drain {
			disturbances = append(disturbances, x)
			continue
		}
		i := f.instances[x.who]
		do, undo := func() { f.kill(i) }, func() { f.start(i) }
		switch x.what {
		case drain:
			do = func() { f.drain(i) }
		case pause:
			do, undo = func() { i.p.Pause() }, func() { i.p.Resume() }
		default: // kill
		}
		events = append(events, event{x.at, func() { f.logf("%s %d", x.what, i.n); do() }}, event{x.until, undo})
	}
	var nodes sync.WaitGroup
	nodes.Go(func() {
		for _, x := range disturbances {
			if late := f.since() - x.at; late > mostLate {
				f.logf("%s %d is left out: the brokers took %v longer to start than was planned", x.what, x.who, late.Round(time.Second))
				continue
			}
			time.Sleep(time.Until(f.began.Add(x.at)))
			f.logf("%s %d", x.what, x.who)
			c.disturb(x, f.app)
		}
	})
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for _, e := range events {
		f.watch(time.After(time.Until(f.began.Add(e.at))), nil)
		e.do()
	}
	nodes.Wait()
	f.logf("all is as it was")
}

// watch looks after the instances until it is time, or until something is so, which it looks at now and then.
func (f *fleet) watch(until <-chan time.Time, done func() bool) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-until:
			return
		case i := <-f.ended:
			f.look(i)
		case <-again.C:
			if done != nil && done() {
				return
			}
		}
	}
}

// patience is how long nothing may come out although there is work. Nothing that is done here takes the group that long to
// get over; the rest is for a machine that is busy with others.
const patience = 2 * time.Minute

// await waits until so many records have come out, or none has for long.
func (f *fleet) await(out *reader, want int) {
	f.t.Helper()
	start := time.Now()
	f.watch(nil, func() bool {
		n, last := out.count()
		if last.Before(start) {
			last = start
		}
		if time.Since(last) > patience {
			f.t.Errorf("nothing has come out for %v, after %d of %d records", patience, n, want)
			return true
		}
		return n >= want
	})
}

// finish is await for the last record. It stops the application.
func (f *fleet) finish(out *reader, want int) {
	f.t.Helper()
	f.await(out, want)
	f.logf("%d records are out, %d processes were run", want, f.runs)
	f.stop()
}

// disturbed runs three instances of a job while the schedule is played and the input comes at a rate, and compares what comes
// out with what an undisturbed run gives.
func (j *job) disturbed(t *testing.T, c *cluster, s schedule, rate int, want output) {
	t.Helper()
	f := launch(t, c, j, 3)
	out := follow(t, c.bootstrap, j.outs()...)
	fed := brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, rate, j.records)
	f.play(c, s)
	fed()
	f.logf("all input is written")
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}

// TestChaos disturbs a job while it works, and looks whether each of its inputs counts once.
func TestChaos(t *testing.T) {
	c := brokers(t)
	const rate = 400
	length := size(35*time.Second, 90*time.Second, 5*time.Minute)
	seed := seedOf(t)
	s := plan(seed, length)
	t.Logf("schedule:\n%s", s)
	j := wordsJob(t, rate*int(length/time.Second))
	want := j.undisturbed(t)
	j.disturbed(t, c, s, rate, want)
}
