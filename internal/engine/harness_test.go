package engine_test

import (
	"flag"
	"fmt"
	"strconv"
	"testing"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

var (
	seedFlag = flag.Uint64("seed", 0, "repeat the run of the metamorphic test with this seed")
	long     = flag.Bool("long", false, "run the metamorphic test two thousand times")
)

// rig is one task whose effects are kept as text.
type rig struct {
	*engine.Task
	t      *testing.T
	got    []string
	fail   error                     // what Emit returns
	refuse func(*graph.Effect) error // likewise, of some
	skip   []string
	hear   func(*graph.Effect)
}

// newRig makes the task of sub-topology 0 and partition 0.
func newRig(t *testing.T, b *topology.Builder, cfg engine.Config) *rig {
	t.Helper()
	r, err := tryRig(t, b, cfg)
	noError(t, err)
	return r
}

func tryRig(t *testing.T, b *topology.Builder, cfg engine.Config) (*rig, error) {
	t.Helper()
	topo, err := b.Build()
	noError(t, err)
	return rigOf(t, topo, cfg)
}

func rigOf(t *testing.T, topo *topology.Topology, cfg engine.Config) (*rig, error) {
	t.Helper()
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil })
	noError(t, err)
	r := &rig{t: t}
	if cfg.Disk == nil {
		cfg.Disk = memdb.New()
	}
	cfg.Memory = memdb.New()
	cfg.Emit = func(e *graph.Effect) error {
		if r.fail != nil {
			return r.fail
		}
		if r.refuse != nil {
			if err := r.refuse(e); err != nil {
				return err
			}
		}
		r.got = append(r.got, show(e))
		if r.hear != nil {
			r.hear(e)
		}
		return nil
	}
	cfg.Skipped = func(s engine.Skip) {
		name := "source"
		if s.Node != nil {
			name = s.Node.Name
		}
		r.skip = append(r.skip, fmt.Sprintf("%s: %s at %s/%d/%d", name, s.Reason, s.Topic, s.Partition, s.Offset))
	}
	r.Task, err = engine.NewTask(plan.Config(engine.TaskID{}, cfg))
	return r, err
}

func show(e *graph.Effect) string {
	return fmt.Sprintf("%s[%d] %s=%s@%d", e.Topic.FullName(""), e.Partition, text(e.Key), text(e.Value), e.Timestamp)
}

func text(b []byte) string {
	if b == nil {
		return "null"
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("%x", b)
		}
	}
	return string(b)
}

// process takes all that can be taken.
func (r *rig) process() {
	r.t.Helper()
	if _, err := r.Process(1 << 30); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tick(wall int64) {
	r.t.Helper()
	noError(r.t, r.Tick(wall))
}

func (r *rig) commit() {
	r.t.Helper()
	noError(r.t, r.Prepare())
	noError(r.t, r.Commit(nil))
}

// take returns the effects since the last take.
func (r *rig) take() []string {
	got := r.got
	r.got = nil
	return got
}

// raws are records with a key of "k", one for each timestamp and value.
func raws(offset int64, timesAndValues ...any) []graph.Raw {
	var rs []graph.Raw
	for i := 0; i < len(timesAndValues); i += 2 {
		rs = append(rs, graph.Raw{
			Key: []byte("k"), Value: []byte(timesAndValues[i+1].(string)), Timestamp: int64(timesAndValues[i].(int)), Offset: offset + int64(i/2),
		})
	}
	return rs
}

// several are n records, 1 ms apart.
func several(n int) []graph.Raw {
	var rs []graph.Raw
	for i := range n {
		rs = append(rs, graph.Raw{Key: []byte("k"), Value: []byte(strconv.Itoa(i)), Timestamp: int64(i), Offset: int64(i)})
	}
	return rs
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
