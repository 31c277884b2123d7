// Command wordcount counts words: the program of the README. It reads topic "lines" of a Kafka on localhost:9092, and keeps
// the counts in topic "word-counts"; both have to be there.
package main
