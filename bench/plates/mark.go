package main

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
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

func now() moment {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return moment{time.Now(), time.Duration(ru.Utime.Nano() + ru.Stime.Nano())}
}

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

func peakRSS() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			return float64(kb) / 1024
		}
	}
	return 0
}
