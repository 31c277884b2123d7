package chaos

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestNetwork disturbs the network of one instance of three, for longer than its session and for less: it is held back, cut
// and slow. The others take over, it comes back, and each input counts once.
func TestNetwork(t *testing.T) {
	c := brokers(t)
	p := proxied(t, c)
	const rate = 300
	length := size(30*time.Second, 75*time.Second, 3*time.Minute)
	j := wordsJob(t, rate*int(length/time.Second))
	want := j.undisturbed(t)
	f := gather(t, c, j, 3)
	f.instances[0].bootstrap = p.bootstrap
	f.launch()
	out := follow(t, c.bootstrap, j.outs()...)
	fed := brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, rate, j.records)
	f.began = time.Now()
	for f.since() < length {
		for _, trouble := range []struct {
			what  string
			do    func()
			lasts time.Duration
		}{
			{"cut for less than the session", p.sever, 2 * time.Second},
			{"paused for longer than the session", p.pause, session + 5*time.Second},
			{"slow", func() { p.slow(50 * time.Millisecond) }, 5 * time.Second},
			{"cut for longer than the session", p.sever, session + 3*time.Second},
		} {
			f.watch(time.After(3*time.Second), nil)
			f.logf("the network is %s", trouble.what)
			trouble.do()
			f.watch(time.After(trouble.lasts), nil)
			p.resume()
		}
	}
	f.logf("the network is as it was")
	fed()
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}
