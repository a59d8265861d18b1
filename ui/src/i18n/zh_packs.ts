/* 岗位包：五级现成岗位，用来新建自己的岗位。 */
export default {
  packs: {
    tab: '岗位包',
    title: '岗位包',
    intro:
      '五级现成的岗位，文字取自当前生效的策略。选一个作为样板新建岗位；发布前先看影响，放宽权限须由另一位安全管理员批准。',
    level: '第 {n} 级 · {name}',
    levels: { 1: '一线员工', 2: '部门负责人', 3: '分公司', 4: '总部职能', 5: '老板' },
    part: '{scope}：{objects}',
    everything: '所有对象',
    clear: '明文（{scope}）',
    masked: '脱敏（{scope}）',
    never: '不能',
    limit: '{cls}的上限',
    limitText: '最多{view}；每日脱敏 {masked} 位、明文 {clear} 位客户',
    make: '用此包新建岗位',
    makeFrom: '以“{role}”为样板新建岗位',
    makeText: '新岗位先照搬样板的上限与额度，还没有任何权限；下一步查看并发布它的策略。之后可在矩阵里调整。',
    zh: '岗位名称',
    en: '英文名称（可选）',
    name: '岗位标识',
    nameHelp: '小写字母、数字、_ 和 -，之后不能改，例如 key_account',
    next: '下一步：查看影响',
    note: '新岗位“{role}”，照“{pack}”的岗位包',
  },
};
