package operator_test

import (
	"fmt"
	"testing"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

const partitions = 4

// rig is the task of a sub-topology's partition 0, with what it gave out.
type rig struct {
	*engine.Task
	t      *testing.T
	got    []graph.Effect
	offset int64
}

func open(t *testing.T, topo *topology.Topology, sub int, cfg engine.Config) *rig {
	t.Helper()
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return partitions, nil })
	noError(t, err)
	r := &rig{t: t}
	cfg.Disk, cfg.Memory = memdb.New(), memdb.New()
	cfg.Emit = func(e *graph.Effect) error {
		x := *e
		x.Key, x.Value = copied(e.Key), copied(e.Value)
		r.got = append(r.got, x)
		return nil
	}
	r.Task, err = engine.NewTask(plan.Config(engine.TaskID{Sub: sub}, cfg))
	noError(t, err)
	return r
}

func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// pipe processes a record and returns the error.
func (r *rig) pipe(topic string, key, value []byte) error {
	r.Add(topic, graph.Raw{Key: key, Value: value, Timestamp: r.offset, Offset: r.offset, Headers: []graph.Header{{Key: "h", Value: []byte("x")}}})
	r.offset++
	_, err := r.Process(1)
	return err
}

// take returns the effects as text: topic[partition] key=value and the headers.
func (r *rig) take() []string {
	var lines []string
	for _, e := range r.got {
		lines = append(lines, fmt.Sprintf("%s[%d] %s=%s %s", e.Topic.FullName("app"), e.Partition, text(e.Key), text(e.Value), e.Headers[0].Value))
	}
	r.got = nil
	return lines
}

func text(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
