package runtime

import (
	"log/slog"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// skips logs dropped records, a few of each operator at a time: a topic of bad records must not become a log of them.
type skips struct {
	log *slog.Logger
	mu  sync.Mutex
	by  map[*graph.Node]*skipped
}

type skipped struct {
	since   time.Time
	logged  int
	silence int
}

// Each operator may log so many drops in such a time.
const (
	skipBurst  = 5
	skipWindow = 10 * time.Second
)

func newSkips(log *slog.Logger) *skips { return &skips{log: log, by: map[*graph.Node]*skipped{}} }

// record is the engine's report of a drop. It is called beside other tasks.
func (s *skips) record(x engine.Skip) {
	silent, ok := s.admit(x.Node, time.Now())
	if !ok {
		return
	}
	args := []any{"topic", x.Topic, "partition", x.Partition, "offset", x.Offset, "reason", x.Reason}
	if x.Node != nil {
		args = append(args, "operator", x.Node.Name, "at", x.Node.At)
	}
	if silent > 0 {
		args = append(args, "notLogged", silent)
	}
	s.log.Warn("runtime: record dropped", args...)
}

// admit says whether a drop may be logged, and how many were not since the last one that was.
func (s *skips) admit(n *graph.Node, now time.Time) (silent int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.by[n]
	if k == nil {
		k = &skipped{since: now}
		s.by[n] = k
	}
	if now.Sub(k.since) >= skipWindow {
		k.since, k.logged = now, 0
	}
	if k.logged >= skipBurst {
		k.silence++
		return 0, false
	}
	silent, k.silence = k.silence, 0
	k.logged++
	return silent, true
}
