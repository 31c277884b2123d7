package runtime

import "sync"

// State is what an application is doing.
type State int

// The states, in the order of a life without trouble. Restoring and Running alternate as tasks come and go.
const (
	Created State = iota
	Starting
	Restoring
	Running
	Stopping
	Stopped
	Failed
)

func (s State) String() string {
	return [...]string{"created", "starting", "restoring", "running", "stopping", "stopped", "failed"}[s]
}

// stateBox tells a listener of changes, in their order and one at a time. The listener may ask for the state.
type stateBox struct {
	telling sync.Mutex // held while the listener is told; taken before mu
	mu      sync.Mutex
	state   State
	err     error
	listen  func(State)
}

func (b *stateBox) set(s State, err error) {
	b.telling.Lock()
	defer b.telling.Unlock()
	if b.change(s, err) && b.listen != nil {
		b.listen(s)
	}
}

func (b *stateBox) change(s State, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == s || b.state >= Stopped {
		return false
	}
	b.state, b.err = s, err
	return true
}

func (b *stateBox) get() (State, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, b.err
}
