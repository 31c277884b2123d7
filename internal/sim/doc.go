// Package sim runs whole applications in a simulated cluster: package runtime as it is, several instances of it, over brokers
// in memory that behave as Kafka's do, in a bubble of testing/synctest with a clock of its own.
//
// A [Job] is an application with what it reads and what must come out. [Run] runs it under a seed, from which everything
// follows that is chance elsewhere: how long each message is under way, what is refused and lost, which process crashes,
// hangs or is stopped, when brokers are away and logs compacted. In the end the trouble stops, the work is finished, and
// what came out must be what one process without trouble gives.
//
// The model is of Kafka's behaviour, not of its protocol: offsets, transactions with markers that arrive in their own time,
// fencing by epochs, time-outs, generations of a group, static members, commits that wait for their transaction. It is the
// place to find what no test with a real broker meets in a thousand years, and to meet it again; whether Kafka does behave
// so, only the tests with a real broker say.
package sim
