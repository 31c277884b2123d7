package testkit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// check finds options that cannot be meant.
func (o *options) check(g *graph.Graph) error {
	if o.partitions < 1 {
		return fmt.Errorf("Partitions(%d): a topic has at least one partition", o.partitions)
	}
	if o.commitEvery < 1 {
		return fmt.Errorf("CommitEvery(%d): commit after one record at least", o.commitEvery)
	}
	known := append(userTopics(g, reads), userTopics(g, writes)...)
	for _, name := range slices.Sorted(maps.Keys(o.perTopic)) {
		if n := o.perTopic[name]; n < 1 {
			return fmt.Errorf("TopicPartitions(%q, %d): a topic has at least one partition", name, n)
		}
		if !slices.Contains(known, name) && !choosesTopics(g) {
			return fmt.Errorf("TopicPartitions(%q): no such topic in the topology: it has %s", name, list(known))
		}
	}
	return nil
}

func reads(t *graph.Topic) bool  { return t.ReadAt() != "" }
func writes(t *graph.Topic) bool { return len(t.Writers) > 0 }

// userTopics are the names of the user's topics that the topology reads or writes.
func userTopics(g *graph.Graph, which func(*graph.Topic) bool) []string {
	var names []string
	for _, t := range g.Topics {
		if t.Role == graph.UserTopic && !t.Dynamic && which(t) {
			names = append(names, t.Name)
		}
	}
	return names
}

// choosesTopics reports whether records may go to topics that only they name.
func choosesTopics(g *graph.Graph) bool {
	return slices.ContainsFunc(g.Topics, func(t *graph.Topic) bool { return t.Dynamic })
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// checkTopic fails the test at a topic that nothing reads or writes: a test of what can never come would pass.
func (d *Driver) checkTopic(name, verb string, which func(*graph.Topic) bool) {
	d.t.Helper()
	g := d.topo.Graph()
	names := userTopics(g, which)
	if slices.Contains(names, name) || verb == "write" && choosesTopics(g) {
		return
	}
	d.t.Fatalf("testkit: the topology does not %s topic %q: it %ss %s", verb, name, verb, list(names))
}

// explain adds to a record's failure what its error does not know: the source, and how to go on without the record.
func (o *options) explain(g *graph.Graph, err error) string {
	var r *engine.RecordError
	if !errors.As(err, &r) {
		return err.Error()
	}
	text := err.Error()
	if r.Node == nil {
		text = sourceOf(g, r.Topic) + ": " + text
	}
	if o.skipErrors {
		return text
	}
	return text + "\n(testkit.SkipErrors drops and counts such records)"
}

// skipped says which record was dropped where, and why.
func skipped(g *graph.Graph, s engine.Skip) string {
	// An internal topic goes without the application's name.
	at := fmt.Sprintf(": topic %s, partition %d, offset %d", strings.TrimPrefix(s.Topic, "-"), s.Partition, s.Offset)
	if s.Topic == "" {
		at = ": in a punctuation or a commit"
	}
	if s.Node == nil {
		return sourceOf(g, s.Topic) + ": " + s.Reason + at
	}
	name := s.Node.Name + " (" + s.Node.At + "): "
	return name + strings.TrimPrefix(s.Reason, name) + at
}

// sourceOf names the operator that reads a topic.
func sourceOf(g *graph.Graph, topic string) string {
	for _, t := range g.Topics {
		switch {
		case t.FullName("") != topic:
		case len(t.Readers) > 0:
			return t.Readers[0].Name + " (" + t.Readers[0].At + ")"
		case t.Global != nil:
			return t.Global.Store.Name + " (" + t.Global.Store.At + ")"
		}
	}
	return "a source"
}
