package main

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// rowBytes is how large a value in the table is; a key has 16 bytes.
const rowBytes = 100

func (f *flags) input() string  { return f.app + ".in" }
func (f *flags) output() string { return f.app + ".out" }

// job is a table of rows with a store and its changelog. An input record is a key and a number; the row is made of both,
// so that the input stays small beside the table. A negative number is a probe's: it is kept like any other, and sent on.
func job(f flags) (*topology.Topology, error) {
	b := topology.New(f.app)
	rows := stream.From(b, topology.NewTopic[string, int64](f.input())).MapValuesWithKey(row).ToTable(topology.As("rows"))
	stream.Changes(rows).MapValues(number).Filter(func(_ string, n int64) bool { return n < 0 }).
		To(topology.NewTopic[string, int64](f.output()))
	return b.Build()
}

// row is a number and bytes that do not compress.
func row(_ string, n int64) []byte {
	b := make([]byte, 0, rowBytes)
	r := rand.NewPCG(uint64(n), 0)
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	for len(b) < rowBytes {
		b = binary.BigEndian.AppendUint64(b, r.Uint64())
	}
	return b[:rowBytes]
}

func number(row []byte) int64 { return int64(binary.BigEndian.Uint64(row)) }

// key scatters the rows: their order in time is not that of their keys.
func key(n int) []byte {
	const digits = "0123456789abcdef"
	x := uint64(n) * 0x9e3779b97f4a7c15
	b := make([]byte, 16)
	for i := range b {
		b[i] = digits[x>>60]
		x <<= 4
	}
	return b
}
