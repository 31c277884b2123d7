// Package topology is the graph that the typed builders draw: topics, operators, stores, and what connects them.
//
// A [Builder] collects the operators that packages stream and table add; [Builder.Build] checks them and returns a
// [Topology], which the testkit drives in memory and package millrace runs on Kafka. A [Topic] states the types of a
// topic once. Package topology does no I/O.
//
//	b := topology.New("word-count")
//	words := stream.From(b, topology.NewTopic[string, string]("words"))
//	...
//	t, err := b.Build()
package topology

import (
	"fmt"
	"regexp"

	"github.com/millrace-go/millrace/internal/graph"
)

// Builder collects operators and their errors. It is not safe for concurrent use.
type Builder struct{ g *graph.Graph }

// New returns an empty builder. The name is the topology's, and the application's unless its Config has another: it
// prefixes internal topics and is the consumer group.
func New(name string) *Builder { return &Builder{graph.New(name)} }

// GenerateNames lets Build accept stores and internal topics without a name. It is for tests and sketches: such names
// are counted and shift when the topology changes, and with them what the stores hold.
func (b *Builder) GenerateNames() *Builder {
	b.g.GenerateNames = true
	return b
}

// Graph is the untyped graph; it is for the typed packages.
func (b *Builder) Graph() *graph.Graph { return b.g }

// legal is what Kafka allows in a topic's name.
var legal = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// Build returns the topology, or every error at once, each with the operator and the file:line of the user's call.
// After Build the builder takes no more operators.
func (b *Builder) Build() (*Topology, error) {
	g := b.g
	if !legal.MatchString(g.Name) {
		g.Errorf("topology.New", "topology: the name %q cannot prefix a topic: use letters, digits, '.', '_' and '-'", g.Name)
	}
	if len(g.Nodes) == 0 {
		g.Errorf("topology.New", "topology: %q has no operators: start with stream.From or table.From", g.Name)
	}
	for _, t := range g.Topics {
		if !t.Dynamic && !legal.MatchString(t.Name) {
			g.Errorf(where(t), "topology: %q is no topic name: use up to 249 letters, digits, '.', '_' and '-'", t.Name)
		}
	}
	for _, s := range g.Stores {
		if !legal.MatchString(s.Name) {
			g.Errorf(s.At, "topology: the store's name %q cannot name its changelog: use letters, digits, '.', '_' and '-'", s.Name)
		}
		if !s.NoLog && s.Changelog == nil {
			s.Changelog = g.Topic(s.Name, graph.Changelog)
		}
	}
	g.Finish()
	if err := g.Err(); err != nil {
		return nil, err
	}
	return &Topology{g}, nil
}

func where(t *graph.Topic) string {
	for _, n := range append(t.Readers, t.Writers...) {
		return n.At
	}
	if at := t.ReadAt(); at != "" {
		return at
	}
	return "unused"
}

// Topology is a checked graph, ready to run. It is immutable and may be shared.
type Topology struct{ g *graph.Graph }

// Name is the topology's.
func (t *Topology) Name() string { return t.g.Name }

// Graph is the untyped graph; it is for the engine.
func (t *Topology) Graph() *graph.Graph { return t.g }

// Must returns t, or panics with err. It is for examples and tests.
func Must(t *Topology, err error) *Topology {
	if err != nil {
		panic(fmt.Errorf("topology: %w", err)) //nolint:forbidigo // what Must is for
	}
	return t
}
