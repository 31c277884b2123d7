package dbtest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace-go/millrace/internal/db"
)

// Shape of the benchmarks' rows, that of the engine's: 30-byte keys, 200-byte values, 2,000 rows a commit.
const (
	benchKey   = 30
	benchValue = 200
	benchBatch = 2_000
	benchRows  = 100_000
)

// Bench measures DBs; open makes an empty one each time, and Bench closes it. Reads are of 100,000 rows, in random order.
func Bench(b *testing.B, open func(b *testing.B) db.DB) {
	for _, s := range []struct {
		name string
		run  func(b *testing.B, d db.DB)
	}{
		{"GetHit", benchGetHit},
		{"GetMiss", benchGetMiss},
		{"BatchManyKeys", func(b *testing.B, d db.DB) { benchBatchPut(b, d, 1<<20) }},
		{"BatchFewKeys", func(b *testing.B, d db.DB) { benchBatchPut(b, d, 10_000) }},
		{"Scan10", benchScan10},
		{"Scan10AfterCommit", benchScan10AfterCommit},
		{"IterateRow", benchIterate},
	} {
		b.Run(s.name, func(b *testing.B) {
			d := open(b)
			b.ReportAllocs()
			s.run(b, d)
			b.StopTimer()
			if err := d.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// setKey writes key i of n; consecutive i are far apart in order, as keys of a topic are.
func setKey(key []byte, i uint64) []byte {
	binary.BigEndian.PutUint64(key[len(key)-8:], i*0x9e3779b97f4a7c15)
	return key
}

func newKey() []byte { return append([]byte("store-0/experiment-17/"), make([]byte, 8)...) }

func fill(b *testing.B, d db.DB) {
	key, value := newKey(), benchRow()
	for i := 0; i < benchRows; {
		batch := d.Batch()
		for range benchBatch {
			if err := batch.Set(setKey(key, uint64(i)), value); err != nil {
				b.Fatal(err)
			}
			i++
		}
		if err := batch.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Flush(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
}

// benchRow is half random, so that it compresses as rows do.
func benchRow() []byte {
	v := fmt.Appendf(nil, "%0*d", benchValue, 0)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range benchValue / 2 {
		v[i] = byte(rng.Uint32())
	}
	return v
}

func benchGetHit(b *testing.B, d db.DB) {
	fill(b, d)
	key, rng := newKey(), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		if _, ok, err := d.Get(setKey(key, rng.Uint64N(benchRows))); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func benchGetMiss(b *testing.B, d db.DB) {
	fill(b, d)
	key, rng := newKey(), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		if _, ok, err := d.Get(setKey(key, benchRows+rng.Uint64N(benchRows))); err != nil || ok {
			b.Fatal(ok, err)
		}
	}
}

// benchBatchPut commits batches whose keys repeat after distinct rows.
func benchBatchPut(b *testing.B, d db.DB, distinct uint64) {
	key, value := newKey(), benchRow()
	var i uint64
	for b.Loop() {
		batch := d.Batch()
		for range benchBatch {
			if err := batch.Set(setKey(key, i%distinct), value); err != nil {
				b.Fatal(err)
			}
			i++
		}
		if err := batch.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(i), "ns/row")
}

func benchScan10(b *testing.B, d db.DB) {
	fill(b, d)
	key, rng := newKey(), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		scan10(b, d, setKey(key, rng.Uint64N(benchRows)))
	}
}

func benchScan10AfterCommit(b *testing.B, d db.DB) {
	fill(b, d)
	key, value, rng := newKey(), benchRow(), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		batch := d.Batch()
		if err := batch.Set(setKey(key, rng.Uint64N(benchRows)), value); err != nil {
			b.Fatal(err)
		}
		if err := batch.Commit(); err != nil {
			b.Fatal(err)
		}
		scan10(b, d, key)
	}
}

func scan10(b *testing.B, d db.DB, from []byte) {
	it, err := d.Iter(from, nil)
	if err != nil {
		b.Fatal(err)
	}
	for range 10 {
		if !it.Next() {
			break
		}
	}
	if err := it.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchIterate walks the whole DB again and again; one operation is one row.
func benchIterate(b *testing.B, d db.DB) {
	fill(b, d)
	for rows := 0; rows < b.N; {
		it, err := d.Iter(nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		for ; rows < b.N && it.Next(); rows++ {
			if len(it.Value()) != benchValue {
				b.Fatalf("value of %d bytes", len(it.Value()))
			}
		}
		if err := it.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
