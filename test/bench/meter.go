package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// Machine is where a result was measured.
type Machine struct {
	Processor string  `json:"processor"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memory-gib"`
	Kernel    string  `json:"kernel"`
	Go        string  `json:"go"`
	Revision  string  `json:"revision,omitempty"` // of Powerline, with a + if files were changed
}

// ThisMachine describes the one that we run on.
func ThisMachine() (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Revision: revision()}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return m, fmt.Errorf("describe the machine: %w", err)
	}
	if cpus, err := fs.CPUInfo(); err == nil && len(cpus) > 0 {
		m.Processor = cpus[0].ModelName
	}
	if mem, err := fs.Meminfo(); err == nil && mem.MemTotal != nil {
		m.MemoryGiB = float64(*mem.MemTotal>>10) / 1024
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	return m, nil
}

// revision asks git, since a test's binary does not know its own.
func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty=+").Output()
	if err != nil {
		return "" // not a clone
	}
	return strings.TrimSpace(string(out))
}

// Meter reads what programs use. The programs are known by a name and by the
// process id of the first process; what that one has started belongs to it,
// unless it is this process, which has started everybody.
type Meter struct {
	fs       procfs.FS
	Programs map[string]func() int // process ids; 0 if it does not run
}

// NewMeter makes a meter for these programs.
func NewMeter(programs map[string]func() int) (*Meter, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, fmt.Errorf("measure processes: %w", err)
	}
	return &Meter{fs: fs, Programs: programs}, nil
}

// Reading is what had been used up to a moment.
type Reading struct {
	At     time.Time
	CPU    map[string]float64 // seconds of one processor, by program
	Memory map[string]float64 // MiB by program: proportional, shared pages counted once
	busy   float64            // seconds of all processors, of everybody
	steal  float64
}

// Read takes a reading of all programs.
func (m *Meter) Read() (Reading, error) {
	r := Reading{At: time.Now(), CPU: map[string]float64{}, Memory: map[string]float64{}}
	stat, err := m.fs.Stat()
	if err != nil {
		return r, fmt.Errorf("measure processes: %w", err)
	}
	t := stat.CPUTotal
	r.busy, r.steal = t.User+t.Nice+t.System+t.IRQ+t.SoftIRQ, t.Steal
	all, err := m.fs.AllProcs()
	if err != nil {
		return r, fmt.Errorf("measure processes: %w", err)
	}
	stats := map[int]procfs.ProcStat{}
	for _, p := range all {
		if s, err := p.Stat(); err == nil { // it may just have ended
			stats[p.PID] = s
		}
	}
	for name, pid := range m.Programs {
		root := pid()
		for id, s := range stats {
			switch {
			case root == 0 || !descends(stats, id, root) || root == os.Getpid() && id != root:
				continue
			case root != os.Getpid():
				// Children that have ended are in the account of who waited for them.
				r.CPU[name] += float64(s.CUTime+s.CSTime) / ticks
			}
			r.CPU[name] += s.CPUTime()
			r.Memory[name] += m.memory(id)
		}
	}
	return r, nil
}

// ticks of the kernel's accounts in a second, the same on every Linux that we
// run on (procfs has the same number).
const ticks = 100

func descends(stats map[int]procfs.ProcStat, id, root int) bool {
	for id != root {
		s, ok := stats[id]
		if !ok || s.PPID <= 1 {
			return false
		}
		id = s.PPID
	}
	return true
}

func (m *Meter) memory(pid int) float64 {
	p, err := m.fs.Proc(pid)
	if err != nil {
		return 0
	}
	rollup, err := p.ProcSMapsRollup()
	if err != nil {
		return 0
	}
	return float64(rollup.Pss) / (1 << 20)
}

// Spent is what was used between two readings.
type Spent struct {
	Lasted time.Duration
	CPU    map[string]float64 // seconds, by program
	Beside Beside
}

// Since tells what was used since an earlier reading.
func (r Reading) Since(before Reading) Spent {
	s := Spent{Lasted: r.At.Sub(before.At), CPU: map[string]float64{}}
	ours := 0.0
	for name, seconds := range r.CPU {
		s.CPU[name] = max(0, seconds-before.CPU[name])
		ours += s.CPU[name]
	}
	s.Beside.Others = max(0, r.busy-before.busy-ours) / s.Lasted.Seconds()
	s.Beside.Steal = (r.steal - before.steal) / s.Lasted.Seconds()
	return s
}

// Cores is how many processors a program kept busy.
func (s Spent) Cores(program string) float64 { return s.CPU[program] / s.Lasted.Seconds() }
