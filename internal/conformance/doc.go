// Package conformance compares millrace with the real Kafka Streams, record for record.
//
// A [Case] is one run of Kafka Streams' test driver: a topology named by its scenario, parameters, input records, and what
// came of them. [Check] draws the same topology with the public packages, feeds the same input to the testkit and tells
// the first difference. [Run] does so for many cases and counts.
//
// Each scenario is a function over the type of keys and values. With *string, nil is Kafka Streams' null. Cases in which no
// callback sees or returns a null are run with string as well.
package conformance
