#include "runtime/default_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string>;

/// A root folder with what the kernel would show there.
class Machine : public testing::Test {
 protected:
  void file(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path full = folder_.path() / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }

  /// Control groups of version 2, whose hierarchy shows `shown`, and the process in `group`.
  void version_2(const std::string& group, const std::string& shown = "/") {
    file("proc/self/cgroup", "0::" + group + "\n");
    file("proc/self/mountinfo",
         "22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw\n"
         "30 24 0:26 " +
             shown + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  [[nodiscard]] DefaultThreads choose(std::int64_t cores, const Variables& variables = {}) const {
    return default_threads(cores, folder_.path(), [&](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
  }
  [[nodiscard]] std::optional<double> quota() const { return cpu_quota(folder_.path()); }

  test::TemporaryFolder folder_;
};

TEST_F(Machine, WithoutAnyLimitTheCoresDecide) {
  const DefaultThreads chosen = choose(8);
  EXPECT_EQ(chosen.threads, 8);
  EXPECT_THAT(chosen.decided_by, HasSubstr("cores"));
  EXPECT_THAT(chosen.ignored, IsEmpty());
  EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(Machine, QuotaOfVersion2IsTheSmallestOfTheGroupAndThoseAboveIt) {
  version_2("/a.slice/job/step");
  EXPECT_EQ(quota(), std::nullopt);
  file("sys/fs/cgroup/a.slice/job/step/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  file("sys/fs/cgroup/a.slice/job/cpu.max", "350000 100000\n");
  EXPECT_EQ(quota(), 3.5);
  file("sys/fs/cgroup/a.slice/cpu.max", "600000 100000\n");
  EXPECT_EQ(quota(), 3.5);
  file("sys/fs/cgroup/a.slice/job/step/cpu.max", "50000 50000\n");
  EXPECT_EQ(quota(), 1.0);
  file("sys/fs/cgroup/other/cpu.max", "1000 100000\n");  // not this process'
  EXPECT_EQ(quota(), 1.0);
}

TEST_F(Machine, QuotaIsRoundedUpAndAtLeastOneThread) {
  version_2("/job");
  const auto with = [&](const std::string& cpu_max) {
    file("sys/fs/cgroup/job/cpu.max", cpu_max);
    return choose(8);
  };
  EXPECT_EQ(with("150000 100000\n").threads, 2);
  EXPECT_EQ(with("200000 100000\n").threads, 2);
  EXPECT_EQ(with("1000 100000\n").threads, 1);
  EXPECT_THAT(with("150000 100000\n").decided_by, HasSubstr("quota of 1.5 cores"));
  EXPECT_EQ(with("800000 100000\n").threads, 8);
  EXPECT_THAT(with("800000 100000\n").decided_by, HasSubstr("may run on"));
  EXPECT_EQ(with("9223372036854775807 1\n").threads, 8);
}

TEST_F(Machine, QuotaThatMakesNoSenseIsNone) {
  version_2("/job");
  for (const char* text : {"", "\n", "max\n", "100000\n", "0 100000\n", "-5 100000\n", "100000 0\n",
                           "nan 100000\n", "100000 100000 1\n", "x y\n"}) {
    file("sys/fs/cgroup/job/cpu.max", text);
    EXPECT_EQ(quota(), std::nullopt) << text;
  }
}

TEST_F(Machine, QuotaOfVersion1IsThatOfTheControllerCpu) {
  file("proc/self/cgroup",
       "12:cpuset:/elsewhere\n4:cpu,cpuacct:/slurm/job_7\n1:name=systemd:/x\n0::/y\n");
  file("proc/self/mountinfo",
       "31 24 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
       "32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n");
  file("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "-1\n");
  file("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  file("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_quota_us", "250000\n");
  file("sys/fs/cgroup/cpu,cpuacct/slurm/job_7/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 2.5);
  file("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "100000\n");
  EXPECT_EQ(quota(), 1.0);
}

TEST_F(Machine, QuotaIsFoundWhereAContainerMountsItsOwnGroup) {
  version_2("/docker/abc/inner", "/docker/abc");
  file("sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4.0);
  file("sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2.0);
  version_2("/docker/abcdef", "/docker/abc");  // another group, whose name begins the same
  EXPECT_EQ(quota(), 4.0);
  version_2("/../../elsewhere", "/");  // moved out of what its name space shows
  EXPECT_EQ(quota(), 4.0);
}

TEST_F(Machine, MountPointWithASpace) {
  file("proc/self/cgroup", "0::/\n");
  file("proc/self/mountinfo", "30 24 0:26 / /my\\040groups rw - cgroup2 none rw\n");
  file("my groups/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3.0);
}

TEST_F(Machine, VariablesLimitAndNeverRaise) {
  EXPECT_EQ(choose(8, {{"OMP_NUM_THREADS", "3"}}).threads, 3);
  EXPECT_EQ(choose(8, {{"OMP_NUM_THREADS", "3"}}).decided_by, "OMP_NUM_THREADS");
  EXPECT_EQ(choose(8, {{"OMP_NUM_THREADS", "4,2"}}).threads, 4);
  EXPECT_EQ(choose(8, {{"OMP_NUM_THREADS", " 4 , 2"}}).threads, 4);
  EXPECT_EQ(choose(8, {{"SLURM_CPUS_PER_TASK", "2"}}).decided_by, "SLURM_CPUS_PER_TASK");
  const DefaultThreads both = choose(8, {{"OMP_NUM_THREADS", "5"}, {"SLURM_CPUS_PER_TASK", "2"}});
  EXPECT_EQ(both.threads, 2);
  EXPECT_EQ(both.decided_by, "SLURM_CPUS_PER_TASK");
  EXPECT_EQ(choose(8, {{"OMP_NUM_THREADS", "100"}}).threads, 8);
  EXPECT_THAT(choose(8, {{"OMP_NUM_THREADS", "8"}}).decided_by, HasSubstr("may run on"));
}

TEST_F(Machine, VariablesThatAreNoNumberAreIgnoredAndNamed) {
  for (const char* value : {"", "0", "-2", "two", "2x", "2.5", ",4", "99999999999999999999"}) {
    const DefaultThreads chosen = choose(8, {{"OMP_NUM_THREADS", value}});
    EXPECT_EQ(chosen.threads, 8) << value;
    EXPECT_THAT(chosen.ignored, ElementsAre(HasSubstr("OMP_NUM_THREADS="))) << value;
  }
  const DefaultThreads list = choose(8, {{"SLURM_CPUS_PER_TASK", "4,2"}});
  EXPECT_EQ(list.threads, 8);
  EXPECT_THAT(list.ignored, ElementsAre(HasSubstr("SLURM_CPUS_PER_TASK=4,2")));
}

TEST(DefaultThreads, OfThisProcessFollowItsEnvironment) {
  ASSERT_EQ(::setenv("OMP_NUM_THREADS", "1", 1), 0);
  EXPECT_EQ(default_threads().threads, 1);
  ASSERT_EQ(::unsetenv("OMP_NUM_THREADS"), 0);
  EXPECT_GE(default_threads().threads, 1);
}

}  // namespace
}  // namespace mnist_bench
