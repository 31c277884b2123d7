package workflow

import "strings"

// check notes what is wrong with the graph. Nodes that are broken have been complained of: nothing follows from what
// they lack.
func (d *Document) check(errs *errorList, broken map[string]bool) {
	c := &checker{errs: errs, broken: broken, nodes: map[string]*Node{}, used: map[string]bool{}}
	for _, n := range d.Nodes {
		if c.nodes[n.Name] != nil {
			errs.addf(n.At, n.Name, "two nodes have this name: names are unique in a graph")
		}
		c.nodes[n.Name] = n
	}
	readers, tasks := map[string]*Node{}, map[string]*Node{}
	for _, n := range d.Nodes {
		if !broken[n.Name] {
			c.shape(n)
		}
		c.inputs(n)
		switch n.Type {
		case TopicStream, TopicTable:
			c.once(readers, n, n.Topic, "topic-name", "topic")
		case ExternalTask:
			c.once(tasks, n, n.Task, "task-name", "task")
		case StreamOperation, Publish:
		}
	}
	for _, n := range d.Nodes {
		c.cycles(n)
		if n.Type != Publish && !c.used[n.Name] && !broken[n.Name] {
			errs.addf(n.At, n.Name, "nobody uses this node: use it as an input, publish it, or leave it out")
		}
	}
}

type checker struct {
	errs   *errorList
	broken map[string]bool
	nodes  map[string]*Node
	used   map[string]bool
	path   []*Node // from a node to its inputs, and theirs
	state  map[*Node]visit
}

type visit uint8

const (
	entered visit = iota + 1
	left
)

// shape notes what Parse would not have let pass, in a document that a program made.
func (c *checker) shape(n *Node) {
	if _, known := fields[n.Type]; !known {
		c.errs.addf(n.At, n.Name, "unknown type %s", quote(string(n.Type)))
		return
	}
	source := n.Type == TopicStream || n.Type == TopicTable
	if has := len(n.Inputs); source != (has == 0) || has > 1 && n.Type != StreamOperation {
		c.errs.addf(n.At, n.Name, "%s has %d inputs: a source has none, an operation some, any other node one", n.Type, has)
	}
}

func (c *checker) inputs(n *Node) {
	for i, name := range n.Inputs {
		c.used[name] = true
		switch from := c.nodes[name]; {
		case from == nil:
			c.errs.addf(n.pos(in(i)), n.Name, "there is no node %s in the graph", quote(name))
		case from.Type == Publish:
			c.errs.addf(n.pos(in(i)), n.Name, "%s is a %s, which gives nothing: use the node that feeds it", quote(name), Publish)
		case from.Type == TopicTable && n.Type != StreamOperation:
			c.errs.addf(n.pos(in(i)), n.Name, "%s is a table, and %s takes a stream: put a %s between them whose function gives stream.Changes",
				quote(name), n.Type, StreamOperation)
		}
	}
}

// once notes that two nodes read a topic, or use a task.
func (c *checker) once(seen map[string]*Node, n *Node, name, field, what string) {
	first := seen[name]
	if name == "" || first == nil {
		seen[name] = n
		return
	}
	if first.Type != n.Type {
		c.errs.addf(n.pos(field), n.Name, "%s %s is a %s in node %s already, and cannot be a %s too", what, quote(name), first.Type, quote(first.Name), n.Type)
		return
	}
	c.errs.addf(n.pos(field), n.Name, "%s %s is used by node %s already: use that node twice", what, quote(name), quote(first.Name))
}

// cycle is the way from n round to n in the direction of the records, the first ten steps of one that is long.
func (c *checker) cycle(n *Node) string {
	names := []string{quote(n.Name)}
	for i := len(c.path) - 1; c.path[i] != n; i-- {
		if len(names) == 10 {
			names = append(names, "...")
			break
		}
		names = append(names, quote(c.path[i].Name))
	}
	return strings.Join(append(names, quote(n.Name)), " -> ")
}

// cycles notes the cycles that n is on or above. A cycle is told once, where the document begins it.
func (c *checker) cycles(n *Node) {
	if c.state == nil {
		c.state = map[*Node]visit{}
	}
	switch c.state[n] {
	case left:
		return
	case entered:
		c.errs.addf(n.At, n.Name, "the graph has a cycle: %s", c.cycle(n))
		return
	}
	c.state[n] = entered
	c.path = append(c.path, n)
	for _, name := range n.Inputs {
		if from := c.nodes[name]; from != nil {
			c.cycles(from)
		}
	}
	c.path = c.path[:len(c.path)-1]
	c.state[n] = left
}
