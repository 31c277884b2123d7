package task

import (
	"maps"
	"sync"
)

// holdings are the partitions that the group gave this worker. Each giving has a stamp of its own: what was taken away and
// given back is another holding, whose requests others may have done in between.
type holdings struct {
	mu    sync.Mutex
	stamp uint64
	held  map[int32]uint64
	wake  chan struct{} // something changed
}

func newHoldings() *holdings {
	return &holdings{held: map[int32]uint64{}, wake: make(chan struct{}, 1)}
}

// changed is the member's to call.
func (h *holdings) changed(given, taken []int32) {
	h.mu.Lock()
	for _, p := range taken {
		delete(h.held, p)
	}
	for _, p := range given {
		h.stamp++
		h.held[p] = h.stamp
	}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *holdings) now() map[int32]uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.held)
}
