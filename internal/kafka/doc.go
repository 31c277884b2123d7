// Package kafka is the transport over librdkafka, through confluent-kafka-go.
//
// It knows the client's quirks so that the runtime need not: which settings make it fast, which errors abort a
// transaction and which end a producer, what must be flushed before what. It decides nothing: when to commit, what to
// read and what to do about an error is the runtime's.
package kafka
