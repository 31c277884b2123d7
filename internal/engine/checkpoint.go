package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/millrace-go/millrace/internal/graph"
)

const checkpointVersion = 1

// Checkpoint is what the operators remember besides stores: stream times and schedules. It goes with the committed
// positions. It is a version, then a hash of the name and a number for each; the schedules stand last, in the order of
// their heaps, for that order decides between those due at one time.
func (t *Task) Checkpoint() []byte {
	b := []byte{checkpointVersion}
	put := func(name string, x int64) {
		b = binary.BigEndian.AppendUint32(b, nameHash(name))
		b = binary.AppendVarint(b, x)
	}
	for _, v := range t.ctx.Vars {
		put(v.Name, *v.P)
	}
	t.timers.each(func(p *graph.Punctuation, waits bool) {
		switch {
		case !waits:
			put(t.timers.names[p], endedSchedule)
		case p.Cancel:
			put(t.timers.names[p], p.Next<<1|1)
		default:
			put(t.timers.names[p], p.Next<<1)
		}
	})
	return b
}

// endedSchedule stands for a schedule that was cancelled and is gone from its heap.
const endedSchedule = -1

var errCheckpoint = errors.New("engine: the committed checkpoint is damaged: the offsets' metadata was written by something else; " +
	"reset the application's offsets, or commit them without metadata")

// LoadCheckpoint sets what Checkpoint told. Numbers of operators that are no more are ignored, new ones keep their start.
func (t *Task) LoadCheckpoint(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if b[0] != checkpointVersion {
		return fmt.Errorf("%w (version %d)", errCheckpoint, b[0])
	}
	vars, schedules := map[uint32]*int64{}, map[uint32]*graph.Punctuation{}
	for _, v := range t.ctx.Vars {
		vars[nameHash(v.Name)] = v.P
	}
	for p, name := range t.timers.names {
		schedules[nameHash(name)] = p
	}
	var order []*graph.Punctuation
	for b = b[1:]; len(b) > 0; {
		if len(b) < 5 {
			return errCheckpoint
		}
		x, n := binary.Varint(b[4:])
		if n <= 0 {
			return errCheckpoint
		}
		hash := binary.BigEndian.Uint32(b)
		if p := vars[hash]; p != nil {
			*p = x
		} else if p := schedules[hash]; p != nil {
			delete(schedules, hash)
			p.Next, p.Cancel = x>>1, x&1 != 0
			if p.Start != nil { // the topology may have given it another since
				p.Next = p.After(p.Next - 1)
			}
			if x != endedSchedule {
				order = append(order, p)
			}
		}
		b = b[4+n:]
	}
	t.timers.load(order, schedules)
	t.save()
	return nil
}

// distinct checks that no two numbers of the checkpoint go by one hash.
func (t *Task) distinct() error {
	seen := map[uint32]string{}
	add := func(name string) error {
		h := nameHash(name)
		if other, ok := seen[h]; ok {
			return fmt.Errorf("engine: what operators remember as %q and %q has one hash in the checkpoint: rename one of them (topology.As)", other, name)
		}
		seen[h] = name
		return nil
	}
	for _, v := range t.ctx.Vars {
		if err := add(v.Name); err != nil {
			return err
		}
	}
	for _, name := range t.timers.names {
		if err := add(name); err != nil {
			return err
		}
	}
	return nil
}

func nameHash(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return h.Sum32()
}
