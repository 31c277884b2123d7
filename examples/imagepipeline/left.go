package main

import (
	"maps"
	"slices"
	"sync"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
)

// leftOut has the events that could not be used. The runtime logs them with
// topic, partition, offset and operator; this is to count them.
type leftOut struct {
	topics [2]string
	mu     sync.Mutex
	at     map[place]bool // an event may fail again when its transaction is done again
	ids    map[pipeline.ImageID]bool
}

type place struct {
	topic     string
	partition int32
	offset    int64
}

func newLeftOut(t pipeline.Topics) *leftOut {
	return &leftOut{topics: [2]string{t.Images.Name, t.Metadata.Name}, at: map[place]bool{}, ids: map[pipeline.ImageID]bool{}}
}

// policy leaves events out that cannot be used, and stops for what does not come
// from outside: that is the pipeline's own fault.
func (l *leftOut) policy(f millrace.Failure) millrace.Verdict {
	if !slices.Contains(l.topics[:], f.Topic) {
		return millrace.Stop
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at[place{f.Topic, f.Partition, f.Offset}] = true
	l.ids[pipeline.ImageID(f.Key)] = true
	return millrace.Drop
}

// counts gives how many events there were, and the images that they name.
func (l *leftOut) counts() (int, map[pipeline.ImageID]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at), maps.Clone(l.ids)
}
