#!/usr/bin/env bash
# A Slurm of one node for tests: as root, without systemd, all of it in one folder.
#   cluster.sh start FOLDER    prints the path of slurm.conf, for SLURM_CONF
#   cluster.sh stop FOLDER
# Needs Debian's slurmctld, slurmd, slurm-client and munge.
set -euo pipefail
what=$1
folder=$(realpath -m "$2")

stop() {
    for daemon in slurmd slurmctld munged; do
        if [ -f "$folder/$daemon.pid" ]; then
            kill "$(cat "$folder/$daemon.pid")" 2>/dev/null || true
        fi
    done
}

start() {
    mkdir -p "$folder/state" "$folder/spool"
    chmod 755 "$folder"
    dd if=/dev/urandom of="$folder/munge.key" bs=1 count=1024 status=none
    chmod 400 "$folder/munge.key"
    local host cores port
    host=$(hostname -s)
    cores=$(nproc)
    port=$((20000 + $$ % 6000 * 2))  # below those that the kernel gives to outgoing connections
    cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
KillWait=5
SchedulerParameters=bf_interval=1,sched_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores Feature=kind-a,kind-b,kind-c State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$folder/slurm.conf
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed" \
        2>>"$folder/start.log"
    slurmctld -c 2>>"$folder/start.log"
    slurmd -c 2>>"$folder/start.log"
    for _ in $(seq 240); do
        if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then
            echo "$SLURM_CONF"
            return
        fi
        sleep 0.5
    done
    tail -n 5 "$folder"/*.log >&2
    stop
    echo "no node came up" >&2
    exit 1
}

"$what"
