package graph

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// Role says what a topic is to the topology.
type Role uint8

// The roles of topics.
const (
	UserTopic   Role = iota // named and made by the user
	Repartition             // internal: written and read by the topology, purged once read
	Response                // internal like Repartition, but its producer chooses the partition
	Changelog               // internal: a store's history
)

// Topic is a topic as the topology sees it. There is one Topic per name and graph.
type Topic struct {
	Name       string // without the application's prefix
	Role       Role
	Partitions int32   // fixed by the user; 0: derived (Repartition: the most of what feeds it and of its co-partitioned peers)
	Like       *Topic  // Response: as many partitions as this topic's readers have
	Writers    []*Node // sinks
	Readers    []*Node // sources
	Dynamic    bool    // chosen per record (To with a function)
	Global     *Global // the global table that it is read as
}

// FullName is the topic's name on the broker.
func (t *Topic) FullName(app string) string {
	switch t.Role {
	case Repartition:
		return app + "-" + t.Name + "-repartition"
	case Response:
		return app + "-" + t.Name
	case Changelog:
		return app + "-" + t.Name + "-changelog"
	default:
		return t.Name
	}
}

// Graph collects what the builders draw, and every error.
type Graph struct {
	Name   string
	Nodes  []*Node
	Topics []*Topic
	Stores []*Store
	// Globals are the tables that every task sees whole; their stores are none of Stores.
	Globals []*Global
	// CoPartitioned lists groups of nodes whose source topics must have equally many partitions.
	CoPartitioned []CoPartition
	// GenerateNames lets operators that create a store or topic go unnamed. For tests: such names shift.
	GenerateNames bool
	Built         bool
	checks        []func()
	errs          []error
	names         map[string]*Node
	nullKeys      map[*Node]bool // see KeepNullKeys
	generated     int
}

// New returns an empty graph.
func New(name string) *Graph { return &Graph{Name: name, names: map[string]*Node{}} }

// Errorf notes an error at the user's call, which is at. An error that has been noted already, word for word, is not noted
// again: one mistake may be met in several places.
func (g *Graph) Errorf(at, format string, args ...any) {
	g.note(fmt.Errorf("%s: %w", at, fmt.Errorf(format, args...)))
}

func (g *Graph) note(err error) {
	for _, e := range g.errs {
		if e.Error() == err.Error() {
			return
		}
	}
	g.errs = append(g.errs, err)
}

// Err is all that was noted, joined; nil if nothing was.
func (g *Graph) Err() error { return errors.Join(g.errs...) }

// OnBuild has f run when the graph is built, to note what can be known only when all is drawn.
func (g *Graph) OnBuild(f func()) { g.checks = append(g.checks, f) }

// Finish ends the drawing: it runs what OnBuild was given, once, and from here on operators are refused.
func (g *Graph) Finish() {
	for _, f := range g.checks {
		f()
	}
	g.checks = nil
	g.unequalFixed()
	g.Built = true
}

// Taken notes that a name is used twice: at is the second call, by op, and first the first one.
func (g *Graph) Taken(at, op, name, first string) {
	g.Errorf(at, "%s: the name %q is taken at %s: give one of them another, names of operators and stores are unique in a topology", op, name, first)
}

// Topic returns the graph's topic of that name and role, adding it if it is new.
func (g *Graph) Topic(name string, role Role) *Topic {
	for _, t := range g.Topics {
		if t.Name == name && t.Role == role {
			return t
		}
	}
	t := &Topic{Name: name, Role: role}
	g.Topics = append(g.Topics, t)
	return t
}

// NeedName returns name, or notes that the operator at the user's call creates something that must have one. What it
// creates is said in what ("a store").
func (g *Graph) NeedName(at, op, name, what string) string {
	if name != "" {
		return name
	}
	if !g.GenerateNames {
		g.Errorf(at, "%s: creates %s and needs a name that stays when the topology changes: add topology.As(\"...\")", op, what)
	}
	g.generated++
	return fmt.Sprintf("%s-%04d", op, g.generated)
}

// CoPartition is a group of nodes whose tasks must line up, and the user's call that wants it.
type CoPartition struct {
	Nodes []*Node
	At    string
}

// CoPartition notes that the tasks of these nodes must line up: their source topics need equal partition counts.
func (g *Graph) CoPartition(nodes ...*Node) {
	g.CoPartitioned = append(g.CoPartitioned, CoPartition{nodes, Caller()})
}

// Caller is the file:line of the first caller outside this module's builder packages.
func Caller() string {
	var pcs [24]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !isBuilder(f.Function) || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}

const module = "github.com/millrace-go/millrace/"

func isBuilder(fn string) bool {
	rest, ok := strings.CutPrefix(fn, module)
	if !ok {
		return false
	}
	for _, p := range [...]string{"internal/graph.", "internal/operator.", "topology.", "stream.", "table.", "task.", "workflow.", "state."} {
		if strings.HasPrefix(rest, p) {
			return true
		}
	}
	return false
}
