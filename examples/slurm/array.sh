#!/bin/bash
# A job array whose tasks all start at once: the first one builds the image, the others wait for it and take it.
# Submit it in the folder of a Julia project:  sbatch array.sh script.jl
#SBATCH --job-name=jlproj
#SBATCH --array=1-4
#SBATCH --mem=4G
#SBATCH --output=%x-%A_%a.out
set -euo pipefail

# Code that runs on every kind of node; without it each kind gets an image of its own.
jlproj build --cpu-target portable || echo 'no image: Julia starts plain' >&2

exec jlproj run "$@" "$SLURM_ARRAY_TASK_ID"
