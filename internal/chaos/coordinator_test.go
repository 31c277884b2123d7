package chaos

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestCoordinatorStaysAway stops the broker that coordinates the group, and does not start it again before the application has
// gone on: librdkafka may wait for it for ever (5456, 5511).
func TestCoordinatorStaysAway(t *testing.T) {
	c := brokers(t)
	const rate, seconds = 200, 60
	j := wordsJob(t, rate*seconds)
	want := j.undisturbed(t)
	f := launch(t, c, j, 3)
	out := follow(t, c.bootstrap, j.outs()...)
	fed := brokertest.FeedAt(t, c.bootstrap, j.topics[0].Name, rate, j.records)
	f.await(out, want.count()/10)
	for range 2 {
		n := c.coordinator(f.app)
		if n == 0 {
			t.Fatal("the group has no coordinator")
		}
		f.logf("broker %d, the coordinator, stops", n)
		c.node("stop", n)
		before, _ := out.count()
		stopped := time.Now()
		f.await(out, before+want.count()/10) // more than was under way
		f.logf("a tenth more of the output is there %.1f s later", time.Since(stopped).Seconds())
		c.node("start", n)
	}
	fed()
	f.finish(out, want.count())
	j.check(t, c.bootstrap, want)
}
