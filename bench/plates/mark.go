package main

import (
	"sync"
	"time"

	"github.com/millrace-go/millrace/bench"
)

// mark is a moment: wall clock and CPU time of this process.
type mark struct {
	once sync.Once
	made chan struct{} // closed once the mark is made
	moment
}

type moment struct {
	at  time.Time
	cpu time.Duration
}

func newMark() *mark { return &mark{made: make(chan struct{})} }

func now() moment { return moment{time.Now(), bench.CPUTime()} }

// set makes the mark, the first time.
func (m *mark) set() {
	m.once.Do(func() {
		m.moment = now()
		close(m.made)
	})
}

// since is the time since the mark, once it is made.
func (m *mark) since() (seconds, cpuSeconds float64) {
	end := now()
	return end.at.Sub(m.at).Seconds(), (end.cpu - m.cpu).Seconds()
}
