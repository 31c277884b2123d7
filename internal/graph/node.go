package graph

import (
	"fmt"
	"slices"
)

// Kind says where a node stands.
type Kind uint8

// The kinds of nodes.
const (
	SourceNode Kind = iota
	ProcessorNode
	SinkNode
)

// Node is one operator. Nodes are numbered in the order of the user's calls, and a node's children are called in the
// order in which they were attached, depth first.
type Node struct {
	ID       int
	Name     string // unique in its graph
	Op       string // what it does: "filter"
	Kind     Kind
	At       string // file:line of the user's call
	Parents  []*Node
	Children []*Node
	Topic    *Topic   // of a source or sink
	Stores   []*Store // read or written here
	// RoundTrip wraps the children's func, if the testkit asks for it, so that values go through their serde on the way.
	RoundTrip func(c *Context, next any) any
	compile   func(c *Context, n *Node, children []any) (any, error)

	wantsOld bool
	onOld    func()
	kept     func() bool
	oldFrom  []*Node // parents that must give old values if this node must
	grace    *int64
}

// Spec is what a new node is told.
type Spec struct {
	Op      string
	Name    string // the user's; "" derives one from the parent's
	At      string
	Kind    Kind
	Topic   *Topic
	Stores  []*Store
	Parents []*Node
	OldFrom []*Node
	OnOld   func()      // run when a child first asks for old values: the table needs its store then
	Kept    func() bool // whether the table has its store already; nil: it does, or its parents in OldFrom decide
	Grace   *int64      // of an aggregation by windows: how long after a window's end it is closed, in milliseconds; see WindowGrace
}

// Add adds a node whose input is *In and whose children take *Out. compile is called once per task: next calls the
// children in order, and the closure that it returns is the node. (Inlined, its closures would be compiled at each call.)
//
//go:noinline
func Add[In, Out any](g *Graph, s Spec, compile func(c *Context, n *Node, next func(*Out) error) (func(*In) error, error)) *Node {
	return g.add(&s, func(c *Context, n *Node, children []any) (any, error) {
		next, err := fan[Out](n, children)
		if err != nil {
			return nil, err
		}
		if c.RoundTrip && n.RoundTrip != nil {
			next = n.RoundTrip(c, next).(func(*Out) error)
		}
		return compile(c, n, next)
	})
}

func (g *Graph) add(s *Spec, compile func(c *Context, n *Node, children []any) (any, error)) *Node {
	n := &Node{
		ID: len(g.Nodes), Op: s.Op, Kind: s.Kind, At: s.At, Topic: s.Topic, Parents: s.Parents, Stores: s.Stores, oldFrom: s.OldFrom, onOld: s.OnOld, kept: s.Kept,
		grace: s.Grace, compile: compile,
	}
	if g.Built { // it may run already, so it is left as it is
		n.Name = s.Op
		g.Errorf(s.At, "%s: used after Build: draw the whole topology first", s.Op)
		return n
	}
	g.name(n, s.Name)
	g.Nodes = append(g.Nodes, n)
	for _, p := range s.Parents {
		p.Children = append(p.Children, n)
	}
	for _, st := range s.Stores {
		st.Nodes = append(st.Nodes, n)
	}
	switch s.Kind {
	case SourceNode:
		s.Topic.Readers = append(s.Topic.Readers, n)
	case SinkNode:
		s.Topic.Writers = append(s.Topic.Writers, n)
	case ProcessorNode:
	}
	return n
}

// name gives n the user's name, or one made of its parent's name and its operator, so that a change elsewhere in the
// topology never renames it.
func (g *Graph) name(n *Node, user string) {
	if user != "" {
		if other := g.names[user]; other != nil {
			g.Taken(n.At, n.Op, user, other.At)
			user = ""
		}
	}
	if user == "" {
		base := n.Op
		if n.Kind == SourceNode {
			base = n.Topic.Name + ".source"
		} else if len(n.Parents) > 0 {
			base = n.Parents[0].Name + "." + n.Op
		}
		user = base
		for i := 2; g.names[user] != nil; i++ {
			user = fmt.Sprintf("%s-%d", base, i)
		}
	}
	n.Name = user
	g.names[user] = n
}

// Use attaches more stores to a node: those that a child's look-ups need.
func (n *Node) Use(stores ...*Store) {
	for _, s := range stores {
		if !slices.Contains(n.Stores, s) {
			n.Stores = append(n.Stores, s)
			s.Nodes = append(s.Nodes, n)
		}
	}
}

// RequireOld asks a table's node to send old values with the new ones; it asks the parents it derives them from.
func (n *Node) RequireOld() {
	if n.wantsOld {
		return
	}
	n.wantsOld = true
	if n.onOld != nil {
		n.onOld()
	}
	for _, p := range n.oldFrom {
		p.RequireOld()
	}
}

// Kept reports whether a table's old values are at hand, so that asking for them makes no store.
func (n *Node) Kept() bool {
	if n.kept != nil {
		return n.kept()
	}
	for _, p := range n.oldFrom {
		if !p.Kept() {
			return false
		}
	}
	return true
}

// SendsOld reports whether a child asked for old values.
func (n *Node) SendsOld() bool { return n.wantsOld }

// Compile makes the node for a task, its children being made already.
func (n *Node) Compile(c *Context, children []any) (any, error) { return n.compile(c, n, children) }

// fan is what calls the children.
func fan[Out any](n *Node, children []any) (func(*Out) error, error) {
	outs := make([]func(*Out) error, len(children))
	for i, ch := range children {
		f, ok := ch.(func(*Out) error)
		if !ok {
			return nil, n.misfit(i, ch, f)
		}
		outs[i] = f
	}
	if len(outs) == 1 {
		return outs[0], nil
	}
	return func(o *Out) error {
		for _, f := range outs {
			if err := f(o); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (n *Node) misfit(i int, child, want any) error {
	return fmt.Errorf("graph: child %d of %s takes %T, not %T", i, n.Name, child, want)
}

// Using is Use, for a chain.
func (n *Node) Using(stores []*Store) *Node {
	n.Use(stores...)
	return n
}
