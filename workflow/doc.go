// Package workflow is dagger: it compiles a document, a graph of streams, operations and external tasks, to a topology.
//
// A [Document] is what [Parse] makes of JSON. A [Registry] has what documents name: topics and schemas with their types,
// functions, tasks. [Compile] checks one against the other and gives the topology that the same calls in Go would give.
//
//	reg := workflow.NewRegistry()
//	reg.Topic(Images)      // topology.NewTopic[string, Image]("images_channels")
//	reg.Topic(Experiments) // topology.NewTopic[string, Experiment]("experiment_metadata")
//	reg.Topic(Extracted)
//	reg.Function("aggregations/images-site-grouping", groupBySite) // takes a *stream.Stream and a *table.Table
//	reg.Task[int64](ExtractFeatures)                               // the key's type: tasks do not have it
//
//	doc, err := workflow.Parse("features.json", text)
//	t, err := workflow.Compile(doc, reg)
//
// # Documents
//
// A document is an object with a "name", which becomes the topology's, and a "graph": an object of nodes by name. Each has
// a "type", and the fields of that type:
//
//	topic-stream      reads a topic as a stream    topic-name
//	topic-table       reads a topic as a table     topic-name
//	stream-operation  calls a function             inputs (names of nodes), function
//	external-task     task.External                stream (a node's name), task-name; attempts, start-to-close,
//	                                               schedule-to-start, schedule-to-close, backoff, max-backoff
//	publish           writes a stream to a topic   stream (a node's name), topic-name
//
// What follows a semicolon may be left out; attempts is a number, the others are durations such as "90s" or "10m", as in
// [task.Options]. All but publish may also have key-schema and value-schema: names of the types that the node's stream or
// table has. They are checked, and choose nothing: serdes are the topics', the tasks' and the functions'.
//
// A topic is read by one node and a task is used by one: their output may be used by many. Nodes are compiled in the order
// of the document, each after its inputs, so that the same text gives the same topology.
//
// # Errors
//
// Parse and Compile return every error they can find, joined, in the order of the document; each is an [Error] with the line
// and column, and reads FILE:LINE:COLUMN: what is wrong. Parse finds all that can be known without a registry: what a
// program can check that has no functions linked in.
package workflow
