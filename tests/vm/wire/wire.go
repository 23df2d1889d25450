// Package wire is what the vm tier and its guest say to each other: the cases go in as one JSON file in the guest's first
// root folder, and messages come out, one JSON object a line, on the guest's second serial port.
//
// It must not import anything: both sides are built from it.
package wire

// CasesPath is where the guest finds its cases, a JSON array of Case.
const CasesPath = "/cases.json"

// A Case is one command to run in the guest.
type Case struct {
	Name string `json:"name"`
	// Run is the command and its arguments.
	Run []string `json:"run"`
	// Files are written before the command starts: path to text.
	Files map[string]string `json:"files,omitempty"`
	// Work is run, once, when the command has said that its probes are attached. Without it nothing is waited for.
	Work []string `json:"work,omitempty"`
	// Interrupt sends SIGINT when Work is over. Otherwise the command has to end by itself.
	Interrupt bool `json:"interrupt,omitempty"`
	// Again is a text of stderr that says that a run shows nothing, by no fault of what is tested: there is another one then, Runs at most.
	Again string `json:"again,omitempty"`
	// Seconds is how long a run of the whole case may take, 180 if not set: a machine that does much else lets a guest wait for long.
	Seconds int `json:"seconds,omitempty"`
}

// Runs is how often a case is run at most.
const Runs = 4

// A Result is what became of a Case.
type Result struct {
	Name   string `json:"name"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
	Exit   int    `json:"exit"`
	// WorkPID is the process number of Work, and WorkOutput what it printed.
	WorkPID    int    `json:"work_pid,omitempty"`
	WorkOutput string `json:"work_output,omitempty"`
	// Problem says why the case could not be run as asked: not started, never attached, killed for taking too long, work
	// failed. It is empty when the command ran and ended.
	Problem string `json:"problem,omitempty"`
	// AttachMillis is the time from start to attached, TotalMillis that from start to end.
	AttachMillis int64 `json:"attach_millis"`
	TotalMillis  int64 `json:"total_millis"`
}

// A Message is one line from the guest. Exactly one field is set.
type Message struct {
	// Release is the first message: what `uname -r` says.
	Release string `json:"release,omitempty"`
	// Start names the case that begins.
	Start string `json:"start,omitempty"`
	// Result ends a case.
	Result *Result `json:"result,omitempty"`
	// Fatal says why the guest gives up.
	Fatal string `json:"fatal,omitempty"`
	// Done is the last message of a guest that ran all its cases.
	Done bool `json:"done,omitempty"`
}
