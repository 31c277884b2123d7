package workflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads a document, which file names in errors, from JSON, and checks what can be known without a registry: the
// notation, types and fields of nodes, inputs that are not there, cycles, nodes that nobody uses. All errors are returned
// at once, in the order of the document; a mistake in the JSON itself ends the reading there.
func Parse(file string, src []byte) (*Document, error) {
	p := &parser{errs: &errorList{file: file}}
	d := &Document{File: file}
	root, ok := readJSON(src, p.errs)
	if ok {
		p.document(d, root)
		d.check(p.errs, p.broken)
	}
	if err := p.errs.err(); err != nil {
		return nil, err
	}
	return d, nil
}

type parser struct {
	errs   *errorList
	node   string
	broken map[string]bool // nodes that have errors of their own: what they are for is not known
}

func (p *parser) failf(at Position, format string, args ...any) {
	p.errs.addf(at, p.node, format, args...)
	if p.node != "" {
		p.broken[p.node] = true
	}
}

func (p *parser) document(d *Document, root value) {
	p.broken = map[string]bool{}
	if !p.is(root, anObject, "the document") {
		return
	}
	var graph *value
	for _, m := range root.members {
		switch m.name {
		case "name":
			d.Name, d.at = p.name(m, topicName, aTopicName), m.value.at
		case "graph":
			graph = &m.value
		default:
			p.failf(m.at, "unknown field %s: a document has name and graph", quote(m.name))
		}
	}
	if d.at.Line == 0 {
		p.failf(root.at, "the document has no name: add \"name\"")
	}
	switch {
	case graph == nil:
		p.failf(root.at, "the document has no graph: add \"graph\", an object of nodes")
	case !p.is(*graph, anObject, "the graph"):
	case len(graph.members) == 0:
		p.failf(graph.at, "the graph has no nodes: begin with a %s", TopicStream)
	default:
		for _, m := range graph.members {
			d.Nodes = append(d.Nodes, p.newNode(m))
		}
	}
	p.node = ""
}

// fields are the fields of each type, those that it must have first.
var fields = map[Type]struct{ must, may []string }{
	TopicStream:     {[]string{"topic-name"}, []string{"key-schema", "value-schema"}},
	TopicTable:      {[]string{"topic-name"}, []string{"key-schema", "value-schema"}},
	StreamOperation: {[]string{"inputs", "function"}, []string{"key-schema", "value-schema"}},
	ExternalTask: {[]string{"stream", "task-name"}, []string{
		"key-schema", "value-schema", "attempts", "start-to-close", "schedule-to-start", "schedule-to-close", "backoff", "max-backoff",
	}},
	Publish: {[]string{"stream", "topic-name"}, nil},
}

func (p *parser) newNode(m member) *Node {
	n := &Node{Name: m.name, At: m.at, fields: map[string]Position{}}
	p.node = m.name
	if !nodeName.MatchString(m.name) {
		p.failf(m.at, "a node's name has up to 200 letters, digits, '.', '_', '-' and '/'")
	}
	if !p.is(m.value, anObject, "a node") {
		return n
	}
	p.typeOf(n, m)
	of, known := fields[n.Type]
	for _, f := range m.members {
		switch {
		case f.name == "type":
		case !known || slices.Contains(of.must, f.name) || slices.Contains(of.may, f.name):
			p.field(n, f)
		default:
			p.failf(f.at, "unknown field %s: %s has %s", quote(f.name), n.Type, strings.Join(slices.Concat(of.must, of.may), ", "))
		}
	}
	for _, name := range of.must {
		if !slices.ContainsFunc(m.members, func(f member) bool { return f.name == name }) {
			p.failf(m.at, "%s needs %s", n.Type, name)
		}
	}
	return n
}

func (p *parser) typeOf(n *Node, m member) {
	for _, f := range m.members {
		if f.name != "type" {
			continue
		}
		if !p.is(f.value, aString, "type") {
			return
		}
		if _, known := fields[Type(f.text)]; !known {
			p.failf(f.value.at, "unknown type %s: the types are %s, %s, %s, %s and %s", quote(f.text), TopicStream, TopicTable, StreamOperation, ExternalTask, Publish)
			return
		}
		n.Type = Type(f.text)
		return
	}
	p.failf(m.at, "the node has no type: add \"type\"")
}

// field reads a field that may be of any type of node; one that no type has is not read.
func (p *parser) field(n *Node, f member) {
	n.fields[f.name] = f.value.at
	switch f.name {
	case "topic-name":
		n.Topic = p.name(f, topicName, aTopicName)
	case "task-name":
		n.Task = p.name(f, topicName, aTopicName)
	case "function":
		n.Function = p.name(f, anything, "a name")
	case "key-schema":
		n.KeySchema = p.name(f, anything, "a name")
	case "value-schema":
		n.ValueSchema = p.name(f, anything, "a name")
	case "stream":
		if s := p.name(f, anything, "a node's name"); s != "" {
			n.Inputs, n.fields[in(0)] = []string{s}, f.value.at
		}
	case "inputs":
		p.inputs(n, f.value)
	case "attempts":
		n.Options.Attempts = p.positive(f.value)
	case "start-to-close":
		n.Options.StartToClose = p.duration(f)
	case "schedule-to-start":
		n.Options.ScheduleToStart = p.duration(f)
	case "schedule-to-close":
		n.Options.ScheduleToClose = p.duration(f)
	case "backoff":
		n.Options.Backoff = p.duration(f)
	case "max-backoff":
		n.Options.MaxBackoff = p.duration(f)
	}
}

func (p *parser) inputs(n *Node, v value) {
	if !p.is(v, aList, "inputs") {
		return
	}
	if len(v.items) == 0 {
		p.failf(v.at, "inputs is empty: name the nodes that feed the function")
	}
	for _, item := range v.items {
		if p.is(item, aString, "an input") {
			n.fields[in(len(n.Inputs))] = item.at
			n.Inputs = append(n.Inputs, item.text)
		}
	}
}

// is reports whether v is of a kind, and notes an error if it is not.
func (p *parser) is(v value, want kind, what string) bool {
	if v.kind != want {
		p.failf(v.at, "%s is %s, not %s", what, v.kind, want)
	}
	return v.kind == want
}

var (
	nodeName  = regexp.MustCompile(`^[a-zA-Z0-9._/-]{1,200}$`)
	topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,230}$`) // room for what internal topics add to Kafka's 249 characters
	anything  = regexp.MustCompile(`.`)
)

const aTopicName = "up to 230 letters, digits, '.', '_' and '-'"

func (p *parser) name(f member, legal *regexp.Regexp, want string) string {
	if !p.is(f.value, aString, f.name) {
		return ""
	}
	if !legal.MatchString(f.text) {
		p.failf(f.value.at, "%s is %s: give %s", f.name, quote(f.text), want)
		return ""
	}
	return f.text
}

func (p *parser) positive(v value) int {
	if !p.is(v, aNumber, "attempts") {
		return 0
	}
	n, err := strconv.ParseInt(v.text, 10, 32)
	if err != nil || n < 1 {
		p.failf(v.at, "attempts is %s: give a whole number from 1", quote(v.text))
		return 0
	}
	return int(n)
}

func (p *parser) duration(f member) time.Duration {
	if !p.is(f.value, aString, f.name) {
		return 0
	}
	d, err := time.ParseDuration(f.text)
	if err != nil || d <= 0 || d%time.Millisecond != 0 {
		p.failf(f.value.at, "%s is %s: give a duration of whole milliseconds such as \"90s\", \"10m\" or \"24h\"", f.name, quote(f.text))
		return 0
	}
	return d
}
