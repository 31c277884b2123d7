package workflow

// typeChecker finds the type that each node gives, and notes where it is not the one that is wanted.
type typeChecker struct {
	*compiler
	flows map[*Node]flow // of nodes that were seen; the zero flow where it is not known
}

// node checks a node after the nodes that feed it.
func (c *typeChecker) node(n *Node) flow {
	if f, seen := c.flows[n]; seen {
		return f
	}
	var inputs []flow
	for _, name := range n.Inputs {
		inputs = append(inputs, c.node(c.nodes[name]))
	}
	f := c.gives(n, inputs)
	c.flows[n] = f
	if f.typ != nil {
		c.schema(n, "key", n.KeySchema, f)
		c.schema(n, "value", n.ValueSchema, f)
	}
	return f
}

func (c *typeChecker) gives(n *Node, inputs []flow) flow {
	switch n.Type {
	case TopicStream, TopicTable, Publish:
		t, ok := c.r.topics[n.Topic]
		switch {
		case !ok:
			c.errs.addf(n.pos("topic-name"), n.Name, "topic %s is not registered, %s: add reg.Topic(topology.NewTopic[K, V](%s))",
				quote(n.Topic), known(c.r.topics), quote(n.Topic))
		case n.Type == TopicStream:
			return t.stream
		case n.Type == TopicTable:
			return t.table
		default:
			c.want(n, 0, inputs[0], t.stream, "topic", n.Topic)
		}
	case StreamOperation:
		f, ok := c.r.functions[n.Function]
		if !ok {
			c.errs.addf(n.pos("function"), n.Name, "function %s is not registered, %s: add reg.Function(%s, f)",
				quote(n.Function), known(c.r.functions), quote(n.Function))
			return flow{}
		}
		if len(f.in) != len(inputs) {
			c.errs.addf(n.pos("inputs"), n.Name, "function %s takes %d inputs, and the node has %d", quote(n.Function), len(f.in), len(inputs))
			return f.out
		}
		for i, in := range inputs {
			c.want(n, i, in, f.in[i], "function", n.Function)
		}
		return f.out
	case ExternalTask:
		t, ok := c.r.tasks[n.Task]
		if !ok {
			c.errs.addf(n.pos("task-name"), n.Name, "task %s is not registered, %s: add reg.Task[K](task.Define[In, Out](%s))",
				quote(n.Task), known(c.r.tasks), quote(n.Task))
			return flow{}
		}
		c.want(n, 0, inputs[0], t.in, "task", n.Task)
		return t.out
	}
	return flow{}
}

// want checks the type of an input. One that is not known has been complained of where it comes from.
func (c *typeChecker) want(n *Node, i int, has, wants flow, what, name string) {
	if has.typ == nil || has.typ == wants.typ {
		return
	}
	a, b := differ(has, wants)
	c.errs.addf(n.pos(in(i)), n.Name, "%s gives a %s, and %s %s takes a %s", quote(n.Inputs[i]), a, what, quote(name), b)
}

func (c *typeChecker) schema(n *Node, part, name string, f flow) {
	if name == "" {
		return
	}
	t := f.key
	if part == "value" {
		t = f.value
	}
	s, ok := c.r.schemas[name]
	switch {
	case !ok:
		c.errs.addf(n.pos(part+"-schema"), n.Name, "schema %s is not registered, %s: add reg.Schema[%s](%s)", quote(name), known(c.r.schemas), t, quote(name))
	case !s.fits(t):
		c.errs.addf(n.pos(part+"-schema"), n.Name, "the %s is a %s, and schema %s is a %s", part, t, quote(name), s.typ)
	}
}
