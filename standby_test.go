package millrace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
)

// TestStandby kills an instance whose tasks have standbys: the other goes on with its copies, and restores nothing.
func TestStandby(t *testing.T) {
	t.Parallel()
	const n, vocabulary = 6000, 300
	cfg := testConfig(t)
	log := &journal{t: t}
	cfg.Logger, cfg.Standbys = log.logger(), 1
	id := newApp(t, cfg.Bootstrap)
	in, out := topics(t, cfg.Bootstrap, 4, 2)
	a := start(t, wordCount(t, id, in, out), cfg)
	other := proctest.Start(t, "words with standbys", id, t.TempDir(), cfg.Bootstrap, in, out)
	text := lines(n, vocabulary)
	brokertest.Produce(t, cfg.Bootstrap, in, text[:n/2]...)
	brokertest.Consume(t, cfg.Bootstrap, out, 3*n/2, longest)
	until(t, "current standbys of all tasks of the other that have state", func() bool {
		h := a.Health()
		return len(h.Tasks) == 4 && len(h.Standbys) == 2 && current(h)
	})
	other.Kill()
	var noticed time.Time
	until(t, "the other's absence", func() bool { noticed = time.Now(); return log.has("an instance is gone") })
	until(t, "all tasks", func() bool { return len(a.Health().Tasks) == 8 })
	t.Logf("%v after it was noticed all tasks run here", time.Since(noticed).Round(10*time.Millisecond))
	if n := log.count("a standby takes over"); n != 2 {
		t.Errorf("%d standbys took over, of 2", n)
	}
	brokertest.Produce(t, cfg.Bootstrap, in, text[n/2:]...)
	brokertest.Consume(t, cfg.Bootstrap, out, 3*n, longest)
	check(t, a.shutdown())
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(n, vocabulary))
}

func current(h millrace.Health) bool {
	for _, lag := range h.Standbys {
		if lag > 0 {
			return false
		}
	}
	return true
}

// count counts lines.
func (j *journal) count(s string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.b.String(), s)
}
