#!/usr/bin/env bash
# Runs a command beside a Slurm of its own on this machine, without systemd, and stops it afterwards:
#   sudo slurm-here.sh sbatch --array=0-1 --wrap 'npx tfjs-sam run study.yaml'
# Debian: slurmctld slurmd slurm-client munge. Needs root, as slurmd does; everything it writes lies in one temporary folder.
set -euo pipefail
[ $# -gt 0 ] || { echo 'usage: slurm-here.sh COMMAND...' >&2; exit 2; }
here=$(mktemp -d); chmod 755 "$here"
host=$(hostname -s)
export SLURM_CONF=$here/slurm.conf
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])' 2>/dev/null ||
  node -e 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })'; }
cat > "$SLURM_CONF" <<CONF
ClusterName=here
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$here/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool
SlurmctldPidFile=$here/slurmctld.pid
SlurmdPidFile=$here/slurmd.pid
SlurmctldLogFile=$here/slurmctld.log
SlurmdLogFile=$here/slurmd.log
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MinJobAge=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
mkdir "$here/state" "$here/spool"
head -c 1024 /dev/urandom > "$here/munge.key"; chmod 400 "$here/munge.key"
stop() {
  for name in slurmd slurmctld munged; do
    if [ -f "$here/$name.pid" ]; then kill "$(cat "$here/$name.pid")" 2>/dev/null || true; fi
  done
  sleep 1; rm -rf "$here"
}
trap stop EXIT
munged --force --key-file="$here/munge.key" --socket="$here/munge.socket" --pid-file="$here/munged.pid" \
  --log-file="$here/munged.log" --seed-file="$here/munged.seed"
slurmctld; slurmd
for _ in $(seq 60); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 0.5; done
sinfo -h -o %T | grep -q idle || { cat "$here"/*.log >&2; exit 1; }
"$@"
