package graph

// Global is a table of which every task sees all rows: the driver reads its topic whole, all partitions, into one store that
// the tasks of an instance share. Tasks only read it, so it joins no sub-topologies, has no changelog and takes no part in
// commits.
type Global struct {
	Store *Store
	Topic *Topic
	// Readers are the operators that join it, for the drawing; a processor that opens it is not known.
	Readers []*Node
	// Row is a record as a row: the key as look-ups encode it. A record that does not decode is a DecodeError.
	Row func(r *Raw) (key []byte, err error)
}

// AddGlobal adds a global table that the operator op makes. A name or a topic that is taken is an error.
func (g *Graph) AddGlobal(x *Global, op string) {
	s := x.Store
	if g.Built {
		g.Errorf(s.At, "%s: used after Build: draw the whole topology first", op)
		return
	}
	if other := g.storeAt(s.Name); other != "" {
		g.Taken(s.At, op, s.Name, other)
	}
	if other := x.Topic.ReadAt(); other != "" {
		g.Errorf(s.At, "%s: topic %q is read at %s already: a topic is read once, as a stream, a table or a global table", op, x.Topic.Name, other)
	}
	s.Global, x.Topic.Global = x, x
	g.Globals = append(g.Globals, x)
}

// storeAt is where the store of that name was made; "" if there is none.
func (g *Graph) storeAt(name string) string {
	for _, s := range g.Stores {
		if s.Name == name {
			return s.At
		}
	}
	for _, x := range g.Globals {
		if x.Store.Name == name {
			return x.Store.At
		}
	}
	return ""
}

// ReadAt is the user's call that reads the topic; "" if none does.
func (t *Topic) ReadAt() string {
	switch {
	case len(t.Readers) > 0:
		return t.Readers[0].At
	case t.Global != nil:
		return t.Global.Store.At
	default:
		return ""
	}
}
