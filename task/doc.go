// Package task hands work to workers outside the topology: existing services, in any language, on machines that may
// vanish. The queue between them is a pair of Kafka topics.
//
// A [Task] states once what goes out and what comes back. [External] is the operator: it sends each record of a stream as
// a request and gives the stream of results, under the same keys. A [Worker] is a process that answers requests.
//
//	var ExtractFeatures = task.Define[Site, Features]("extract-features")
//
//	// in the topology
//	features := task.External(sites, ExtractFeatures, task.Options{Attempts: 5})
//
//	// in the worker's process
//	err := task.NewWorker(ExtractFeatures, extract, task.WorkerConfig{Bootstrap: "kafka:9092", Concurrency: 8}).Run(ctx)
//
// # Topics
//
// A task has three topics, which are the user's to create ([Task.Topics] lists them): task-NAME-input, task-NAME-output
// and task-NAME-dead. Input and output need as many partitions as the stream that feeds the task, because a result must
// come back to the partition whose store holds the request; the third may have any number. Input must keep requests until
// they are done, and output results for as long as the application may be down. They carry no application's prefix, since
// workers share them. One application at a time uses a task's topics, and uses the task once; another defines a task of
// another name.
//
// # What is guaranteed
//
// The topology keeps each request in a store until its result is there, so nothing is lost with a worker, an instance or
// a broker. Work may be done more than once: an attempt that timed out may still be running when the next one begins, and
// a worker that dies leaves requests that another worker then does again. Its result counts once, whichever attempt
// brought it: the first takes the request out of the store, later ones find nothing and are counted as dropped. Under
// exactly-once processing requests, results and the store are one transaction; under at-least-once a crash may repeat the
// records since the last commit, here as everywhere: a request that is asked for again has the id that it had before.
//
// What a worker cannot be trusted with is the topology's: time-outs, retries with growing, jittered waits, and giving up:
// see [Options]. An attempt that was begun ten times without an end, because its workers died or lost it, counts as failed.
// A request that is given up goes to the dead-letter topic, with the entity's key ([Dead]).
//
// A worker that says what cannot be understood does no harm: its message is counted as dropped and logged. Only a result
// whose body does not decode gives its request up, since the next one would not decode either.
//
// # Workers in other languages
//
// A worker reads committed records of the input topic as a member of a group. Record key: the entity's key, as its
// serde writes it, or a null. Headers: those of the record that asked. Timestamp: when it was sent. Value: one MessagePack
// map, the [Request]:
//
//	"v"         integer  version of the format, 1
//	"id"        string   the request's id: the same in all attempts
//	"attempt"   integer  counts from 1
//	"attempts"  integer  how many there will be at most
//	"time"      integer  event time of the record, milliseconds since the epoch: to be echoed
//	"timeout"   integer  milliseconds from the start of the attempt to its end
//	"deadline"  integer  when to give up the whole, milliseconds since the epoch; 0: never
//	"body"      binary   the input, in the task's serde (for a Go struct a MessagePack map; JSON is a choice of Task.Request)
//
// It answers on the output topic, in the partition that the request came from, under the same key, with the request's
// headers, which are for people: the result goes on with the key and the headers of its request, and matches it by id
// alone. Record value: one MessagePack map, the [Result]:
//
//	"v"         integer  1
//	"id"        string   the request's
//	"attempt"   integer  the request's
//	"time"      integer  the request's
//	"status"    string   "started" when work begins, from which the time-out counts (again, if work begins again); then one of
//	                     "ok", "retry" (failed, another attempt may succeed) or "failed" (no attempt will)
//	"body"      binary   with "ok": the output, in the task's serde; absent for a null
//	"error"     string   with "retry" and "failed": why
//	"worker"    string   who did it, for people
//
// Fields may come in any order; unknown ones are to be skipped. A worker commits a request's offset after its result is
// acknowledged. A request whose deadline has passed needs no answer. "started" may be left out: then an attempt has no
// time-out but Options.ScheduleToStart. Names and types of a version stay as they are; other ones have another number.
package task
