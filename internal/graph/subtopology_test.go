package graph_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/graph"
)

var place = regexp.MustCompile(`_test\.go:\d+`)

// drawing is a graph whose nodes do nothing.
type drawing struct{ *graph.Graph }

func draw() drawing { return drawing{graph.New("test")} }

func (d drawing) node(s graph.Spec) *graph.Node {
	s.At = graph.Caller()
	return graph.Add(d.Graph, s, func(_ *graph.Context, _ *graph.Node, next func(*int) error) (func(*int) error, error) {
		return next, nil
	})
}

func (d drawing) source(topic string) *graph.Node {
	return d.node(graph.Spec{Op: "source", Kind: graph.SourceNode, Topic: d.Topic(topic, graph.UserTopic)})
}

func (d drawing) process(op string, parents ...*graph.Node) *graph.Node {
	return d.node(graph.Spec{Op: op, Kind: graph.ProcessorNode, Parents: parents})
}

func (d drawing) sink(t *graph.Topic, parents ...*graph.Node) *graph.Node {
	return d.node(graph.Spec{Op: "sink", Kind: graph.SinkNode, Topic: t, Parents: parents})
}

func (d drawing) to(topic string, parent *graph.Node) {
	d.sink(d.Topic(topic, graph.UserTopic), parent)
}

// through sends a node's records through an internal topic.
func (d drawing) through(name string, partitions int32, parent *graph.Node) *graph.Node {
	t := d.Topic(name, graph.Repartition)
	t.Partitions = partitions
	d.sink(t, parent)
	return d.node(graph.Spec{Op: "source", Kind: graph.SourceNode, Topic: t})
}

// store has nodes share a store, which has a changelog.
func (d drawing) store(name string, nodes ...*graph.Node) *graph.Store {
	s := d.AddStore(&graph.Store{Name: name, Changelog: d.Topic(name, graph.Changelog), At: graph.Caller()}, "store")
	for _, n := range nodes {
		n.Use(s)
	}
	return s
}

// parts are the sub-topologies as text: id, sources, nodes, stores.
func (d drawing) parts() []string {
	var parts []string
	for _, s := range d.Subtopologies() {
		var nodes, stores []string
		for _, n := range s.Nodes {
			nodes = append(nodes, n.Name)
		}
		for _, st := range s.Stores {
			stores = append(stores, st.Name)
		}
		parts = append(parts, fmt.Sprintf("%d %s: %s (%s)", s.ID, s.Key(), strings.Join(nodes, " "), strings.Join(stores, " ")))
	}
	return parts
}

func TestSubtopologies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		draw func(d drawing)
		want []string
	}{
		{"nothing", func(drawing) {}, nil},
		{"a chain", func(d drawing) { d.to("out", d.process("filter", d.source("in"))) }, []string{"0 in: in.source in.source.filter in.source.filter.sink ()"}},
		{"two chains", func(d drawing) { d.source("b"); d.source("a") }, []string{"0 b: b.source ()", "1 a: a.source ()"}},
		{"an internal topic cuts", func(d drawing) {
			d.process("count", d.through("by-well", 0, d.source("in")))
		}, []string{"0 in: in.source in.source.sink ()", "1 -by-well-repartition: by-well.source by-well.source.count ()"}},
		{"a node of two parents joins", func(d drawing) {
			d.process("merge", d.source("b"), d.source("a"))
		}, []string{"0 a,b: b.source a.source b.source.merge ()"}},
		{"a store joins", func(d drawing) {
			d.store("seen", d.process("write", d.source("a")), d.process("read", d.source("b")))
		}, []string{"0 a,b: a.source a.source.write b.source b.source.read (seen)"}},
		{"a store joins also what an internal topic cut", func(d drawing) {
			a := d.process("write", d.source("a"))
			b := d.process("read", d.through("again", 0, a))
			d.store("seen", a, b)
		}, []string{"0 -again-repartition,a: a.source a.source.write a.source.write.sink again.source again.source.read (seen)"}},
		{"one topic read twice joins", func(d drawing) {
			d.process("x", d.source("in"))
			d.process("y", d.source("in"))
		}, []string{"0 in: in.source in.source.x in.source-2 in.source-2.y ()"}},
		{"a user's topic that is written and read cuts", func(d drawing) {
			d.to("middle", d.source("in"))
			d.source("middle")
		}, []string{"0 in: in.source in.source.sink ()", "1 middle: middle.source ()"}},
		{"a store that nobody uses is nobody's", func(d drawing) {
			d.source("in")
			d.store("unused")
		}, []string{"0 in: in.source ()"}},
		{"numbers go by the first node, whatever joins later", func(d drawing) {
			a, b, c := d.source("a"), d.source("b"), d.source("c")
			d.process("merge", c, a)
			d.process("x", b)
		}, []string{"0 a,c: a.source c.source c.source.merge ()", "1 b: b.source b.source.x ()"}},
	} {
		d := draw()
		tc.draw(d)
		if diff := cmp.Diff(tc.want, d.parts()); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}
