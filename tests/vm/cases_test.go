package vm_test

import "github.com/gtrace/gtrace/tests/vm"

func gtraceCases() []vm.Case { return nil }
