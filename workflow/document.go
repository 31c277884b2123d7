package workflow

import (
	"strconv"

	"github.com/millrace-go/millrace/task"
)

// Type says what a node does.
type Type string

// The types of nodes.
const (
	TopicStream     Type = "topic-stream"     // reads a topic as a stream
	TopicTable      Type = "topic-table"      // reads a topic as a table
	StreamOperation Type = "stream-operation" // calls a function of the registry
	ExternalTask    Type = "external-task"    // hands records to workers outside the topology
	Publish         Type = "publish"          // writes a stream to a topic
)

// Document is a workflow: a graph of nodes, in the order of the text. It holds names only; what they stand for is in a
// [Registry]. Parse makes documents, and so may a program.
type Document struct {
	// File is what errors call the document.
	File string
	// Name is the topology's name.
	Name string
	// Nodes are the graph.
	Nodes []*Node

	at Position // of the name
}

// Node is one step of a workflow. Fields that its type does not have are zero.
type Node struct {
	Name     string
	Type     Type
	Topic    string   // topic-stream, topic-table, publish: the topic's name
	Inputs   []string // the nodes that feed this one; one for external-task and publish
	Function string   // stream-operation: its name in the registry
	Task     string   // external-task: its name
	// KeySchema and ValueSchema name the types that the node gives; "" does not check them.
	KeySchema, ValueSchema string
	// Options of an external-task; the zero Options are task.External's defaults.
	Options task.Options
	// At is where the document names the node.
	At Position

	fields map[string]Position // where the values of fields are
}

// in is the name of a field's value for pos: the i-th input, whatever its field is called.
func in(i int) string { return "input " + strconv.Itoa(i) }

// pos is where a field's value is, or the node if that is not known.
func (n *Node) pos(field string) Position {
	if at, ok := n.fields[field]; ok {
		return at
	}
	return n.At
}

// label is what a node works on or with.
func (n *Node) label() string {
	switch n.Type {
	case TopicStream, TopicTable, Publish:
		return n.Topic
	case StreamOperation:
		return n.Function
	case ExternalTask:
		return n.Task
	default:
		return ""
	}
}
