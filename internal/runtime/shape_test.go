package runtime

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

func TestShapeDiffers(t *testing.T) {
	t.Parallel()
	base := func() shape {
		return shape{Subs: []subShape{
			{Sources: "in", Tasks: 3, Writes: []string{"-words-repartition"}},
			{Sources: "-words-repartition", Tasks: 3, Stores: []string{"key-value counts"}},
		}}
	}
	if d := base().differs(base()); d != "" {
		t.Errorf("equal shapes differ: %s", d)
	}
	for _, c := range []struct {
		name   string
		change func(*shape)
		want   string
	}{
		{"tasks", func(s *shape) { s.Subs[0].Tasks = 4 }, "has 3 tasks here and 4 there"},
		{"stores", func(s *shape) { s.Subs[1].Stores = nil }, "stores [key-value counts] here and [] there"},
		{"writes", func(s *shape) { s.Subs[0].Writes = []string{"-x"} }, "writes to [-words-repartition] here and [-x] there"},
		{"fewer", func(s *shape) { s.Subs = s.Subs[:1] }, "this one reads -words-repartition in a sub-topology that the other does not have"},
		{"more", func(s *shape) { s.Subs = append(s.Subs, subShape{Sources: "more"}) }, "the other reads more"},
	} {
		other := base()
		c.change(&other)
		if d := base().differs(other); !strings.Contains(d, c.want) {
			t.Errorf("%s: %q does not say %q", c.name, d, c.want)
		}
		if base().fingerprint() == other.fingerprint() {
			t.Errorf("%s: the prints are equal", c.name)
		}
	}
}

func TestRegistryApply(t *testing.T) {
	t.Parallel()
	r := &registry{topic: "app-tasks", slots: map[string]int32{}}
	for _, kv := range [][2]string{
		{"task/in/0", `{"slot":4}`},
		{"task/in/1", `{"slot":5}`},
		{"task/in/0", `{"slot":4}`},
		{"task/in/1", ""},
		{"shape", `{"subtopologies":[{"sources":"in","tasks":2}]}`},
		{"of a later version", "?"},
	} {
		rec := graph.Raw{Key: []byte(kv[0]), Value: []byte(kv[1])}
		if kv[1] == "" {
			rec.Value = nil
		}
		if err := r.apply(&rec); err != nil {
			t.Fatal(err)
		}
	}
	want := &registry{topic: "app-tasks", slots: map[string]int32{"in/0": 4}, shape: &shape{Subs: []subShape{{Sources: "in", Tasks: 2}}}}
	if diff := cmp.Diff(want, r, cmp.AllowUnexported(registry{})); diff != "" {
		t.Errorf("registry (-want +got):\n%s", diff)
	}
	err := r.apply(&graph.Raw{Key: []byte("task/in/2"), Value: []byte("no JSON"), Offset: 9})
	if err == nil || !strings.Contains(err.Error(), "app-tasks, partition 0, offset 9") {
		t.Errorf("a record that does not decode: %v", err)
	}
}
