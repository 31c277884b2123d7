package workflow

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

// Compile gives the topology that a document describes, with what r has under the names in it: exactly the one that the
// same calls of stream.From, table.From, the functions, task.External and Stream.To would have given, made in the order of
// the document. Operators of functions have the file:line of the function's code in errors, all others the document's.
//
// The types are checked first: names that r does not have, functions that take other inputs, and schemas that the types
// are not of, are all told at once. Only then are the functions called, and what they did wrong is told like Build would.
func Compile(d *Document, r *Registry) (*topology.Topology, error) {
	c := &compiler{d: d, r: r, errs: &errorList{file: d.File}, nodes: map[string]*Node{}, values: map[*Node]any{}}
	d.check(c.errs, nil)
	if err := errors.Join(c.errs.err(), errors.Join(r.errs...)); err != nil {
		return nil, err
	}
	for _, n := range d.Nodes {
		c.nodes[n.Name] = n
	}
	types := &typeChecker{compiler: c, flows: map[*Node]flow{}}
	for _, n := range d.Nodes {
		types.node(n)
	}
	if err := c.errs.err(); err != nil {
		return nil, err
	}
	c.b = topology.New(d.Name)
	for _, n := range d.Nodes {
		c.build(n)
	}
	t, err := c.b.Build()
	for _, e := range split(err)[min(c.told, len(split(err))):] {
		c.errs.addf(d.at, "", "%w", e)
	}
	return t, c.errs.err()
}

type compiler struct {
	d      *Document
	r      *Registry
	errs   *errorList
	nodes  map[string]*Node
	b      *topology.Builder
	values map[*Node]any // streams and tables by the node that gave them; nil if it gave none
	told   int           // how many of the builder's errors have been told
}

// build makes a node after the nodes that feed it. What a failed node feeds is left out: it has been complained of.
func (c *compiler) build(n *Node) {
	if _, done := c.values[n]; done {
		return
	}
	c.values[n] = nil
	var inputs []any
	for _, name := range n.Inputs {
		from := c.nodes[name]
		c.build(from)
		if c.values[from] == nil {
			return
		}
		inputs = append(inputs, c.values[from])
	}
	g := c.b.Graph()
	nodes, stores := len(g.Nodes), len(g.Stores)
	value, err := c.call(n, inputs)
	c.values[n] = value
	own := n.Type != StreamOperation
	if own {
		c.place(n, g.Nodes[nodes:], g.Stores[stores:])
	}
	if err != nil {
		c.errs.addf(n.At, n.Name, "%w", err)
	}
	errs := split(g.Err())
	for _, e := range errs[c.told:] {
		if inner := errors.Unwrap(e); own && inner != nil {
			e = inner // without the line of this package that made the call
		}
		c.errs.addf(n.At, n.Name, "%w", e)
	}
	c.told = len(errs)
}

// place says that operators come from the document, not from this package.
func (c *compiler) place(n *Node, nodes []*graph.Node, stores []*graph.Store) {
	at := place(c.d.File, n.At)
	for _, made := range nodes {
		made.At = at
	}
	for _, made := range stores {
		made.At = at
	}
}

// call makes the operators of a node whose types have been checked.
func (c *compiler) call(n *Node, inputs []any) (any, error) {
	switch n.Type {
	case TopicStream:
		return c.r.topics[n.Topic].readStream(c.b), nil
	case TopicTable:
		return c.r.topics[n.Topic].readTable(c.b), nil
	case ExternalTask:
		return c.r.tasks[n.Task].run(inputs[0], n.Options), nil
	case Publish:
		c.r.topics[n.Topic].publish(inputs[0])
		return nil, nil
	default:
		f := c.r.functions[n.Function]
		args := make([]reflect.Value, len(inputs))
		for i, in := range inputs {
			args[i] = reflect.ValueOf(in)
		}
		out := f.call.Call(args)[0]
		if out.IsNil() {
			return nil, fmt.Errorf("function %q returned nil: return a %s", n.Function, f.out)
		}
		return out.Interface(), nil
	}
}

// split takes joined errors apart.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}
